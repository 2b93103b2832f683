"""``mann-bench merge``: bring records of several folders together."""

from pathlib import Path

import click

from mann_bench.cli.parameters import PathType


@click.command()
@click.argument("runs", nargs=-1, required=True, type=PathType())
@click.option(
    "--out", required=True, type=PathType(file_okay=False), help="Folder that gets the records.",
)  # fmt: skip
def command(runs: tuple[Path, ...], out: Path) -> None:
    """Copy the records at or below RUNS, with their weights, into one folder.

    Equal records are taken once, and failed ones give way to others. Exit code 4: two records of a run differ
    apart from when, where and how long it ran; nothing is written then.
    """
    from mann_bench.results.merge import merge

    brought, kept = merge(runs, out)
    click.echo(f"{out}: {brought} records brought, {kept} there already.", err=True)
