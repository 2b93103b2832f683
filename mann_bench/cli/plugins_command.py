"""``mann-bench plugins``: every plugin, and what became of it."""

import dataclasses
import json

import click

from mann_bench.cli.parameters import registry_of


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print each as a line of JSON.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List plugins with their distribution, what they bring, and the reason of those that are not loaded."""
    for plugin in registry_of(context).plugins:
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(plugin)))
            continue
        source = f"{plugin.distribution} {plugin.version}"
        about = plugin.reason or ", ".join(plugin.brings)
        click.echo(f"{plugin.name:<20}{source:<32}{plugin.status:<8}{about}")
