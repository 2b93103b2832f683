"""``mann-bench list``: what exists."""

import dataclasses
import json

import click

from mann_bench.cli.columns import aligned
from mann_bench.cli.parameters import examples, registry_of
from mann_bench.cli.problems import say
from mann_bench.core.protocol import Protocol
from mann_bench.plugins import KINDS


@click.command(epilog=examples("mann-bench list models", "mann-bench list studies --json"))
@click.argument("kind", type=click.Choice([kind.plural for kind in KINDS]))
@click.option("--json", "as_json", is_flag=True, help="Print each as one line of JSON.")
@click.pass_context
def command(context: click.Context, kind: str, as_json: bool) -> None:
    """List the models, tasks, protocols, syllabuses, studies or executors that are installed, each with its package."""
    entries = getattr(registry_of(context), kind)
    rows = []
    for name in sorted(entries):
        spec, plugin = entries[name].spec, entries[name].plugin
        if as_json:
            row = dataclasses.asdict(spec) | {"distribution": plugin.distribution}
            say(json.dumps(row, default=str))
        else:
            summary = _protocol_summary(spec) if isinstance(spec, Protocol) else spec.summary
            rows.append((name, summary, plugin.distribution))
    for line in aligned(rows):
        say(line)


def _protocol_summary(protocol: Protocol) -> str:
    return f"{protocol.optimizer}, rate {protocol.learning_rate:g}, at most {protocol.max_steps:,} steps"
