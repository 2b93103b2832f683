"""``mann-bench merge``: bring records of several folders together."""

from pathlib import Path

import click

from mann_bench.cli.parameters import PathType, examples
from mann_bench.cli.problems import say
from mann_bench.core.message_text import counted


@click.command(epilog=examples("mann-bench merge machine-1/runs machine-2/runs --out runs"))
@click.argument("runs", nargs=-1, required=True, type=PathType())
@click.option(
    "--out", required=True, type=PathType(file_okay=False), help="Folder to copy the records to.",
)  # fmt: skip
def command(runs: tuple[Path, ...], out: Path) -> None:
    """Copy all records in RUNS, with their weights, into one folder.

    Of equal records one is copied. A record of a failed run is replaced by one that did not fail. If two records of
    the same run differ in more than when, where and how long it ran, nothing is copied and the exit code is 4.
    """
    from mann_bench.results.merge import merge

    brought, kept = merge(runs, out)
    say(f"{out}: {counted(brought, 'record')} copied, {kept} already there.", err=True)
