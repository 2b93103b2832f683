"""``mann-bench plugins``: every plugin, and what became of it."""

import dataclasses
import json

import click

from mann_bench.cli.columns import aligned
from mann_bench.cli.parameters import examples, registry_of
from mann_bench.cli.problems import say


@click.command(epilog=examples("mann-bench plugins", "mann-bench plugins --json"))
@click.option("--json", "as_json", is_flag=True, help="Print each as one line of JSON.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List all plugins with their package and what they provide, or the reason why one was not loaded."""
    plugins = registry_of(context).plugins
    if as_json:
        for plugin in plugins:
            say(json.dumps(dataclasses.asdict(plugin)))
        return
    rows = [
        (each.name, f"{each.distribution} {each.version}", each.status, each.reason or ", ".join(each.brings))
        for each in plugins
    ]
    for line in aligned(rows):
        say(line)
