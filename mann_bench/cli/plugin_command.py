"""``mann-bench plugin``: for those who write one."""

from pathlib import Path

import click

from mann_bench.cli.parameters import PathType, examples, registry_of
from mann_bench.cli.plugin_check_command import check
from mann_bench.cli.problems import say


@click.group()
def command() -> None:
    """Create a plugin of your own, and check that it works as mann-bench expects."""


@command.command(epilog=examples("mann-bench plugin new acme-memory --kind model"))
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(["model", "task", "both"]), help="What the plugin provides.")
@click.option(
    "--into", default=".", show_default=True, help="Folder in which to create it.",
    type=PathType(file_okay=False, exists=True),
)  # fmt: skip
@click.pass_context
def new(context: click.Context, name: str, kind: str, into: Path) -> None:
    """Create a Python package NAME, such as acme-memory, that works at once; then replace its class by your own.

    The package has an entry point, a class that passes the conformance kit, a README, tests and a workflow for
    GitHub. Existing files are never overwritten.
    """
    from mann_bench.scaffold.names import Names, PluginKind, check_free
    from mann_bench.scaffold.project import render, write_project

    names = Names.of(name, PluginKind(kind))
    check_free(names, registry_of(context))
    folder = into / names.distribution
    files = render(names)
    write_project(files, folder)
    for path in files:
        say(folder / path)
    # Without a path before it, pip takes the name for that of a distribution on the index.
    place = folder if folder.is_absolute() else f"./{folder}"
    say(
        f"Next:\n  python -m pip install --editable '{place}[test]'\n  mann-bench plugin check {names.distribution}",
        err=True,
    )


command.add_command(check)
