"""``mann-bench reproduce``: print or execute the command that reproduces runs of a leaderboard, and compare."""

from pathlib import Path

import click

from mann_bench.cli.leaderboard_command import REFUSED, root_option
from mann_bench.cli.parameters import PathType, examples, registry_of
from mann_bench.cli.problems import say
from mann_bench.core.runs import short_key


@click.command(
    epilog=examples(
        "mann-bench reproduce memory-init/mann-bench-4fab1480", "mann-bench reproduce 0d25f676c3d8 --execute"
    )
)
@click.argument("target", metavar="ENTRY|RUN_KEY")
@click.option("--execute", is_flag=True, help="Do the runs with the installed versions, and compare the results.")
@click.option(
    "--out", default="reproduced", show_default=True, type=PathType(file_okay=False),
    help="Folder for the new records.",
)  # fmt: skip
@root_option
@click.pass_context
def command(context: click.Context, target: str, execute: bool, out: Path, root: Path) -> int:
    """Print the commands that repeat the runs of an entry, or the one run whose key begins with RUN_KEY.

    With --execute, the exit code is 4 if a run does not agree with its record.
    """
    from mann_bench.leaderboard.files import find_runs
    from mann_bench.leaderboard.reproduce import commands, run_again
    from mann_bench.leaderboard.verify import compare_again
    from mann_bench.results.store import Store

    loaded, records = find_runs(target, root)
    if not execute:
        for line in commands(records, out):
            say(line)
        return 0
    Store(out).prepare()
    agree = True
    for record in records:
        compared = compare_again(
            loaded.records, record, run_again(registry_of(context), record, out, lambda event: None)
        )
        verdict = "agrees" if compared.agrees else "DIFFERS"
        say(f"{short_key(record.key)}  {record.text}: {compared.comparison}: {verdict}. {compared.text}")
        agree = agree and compared.agrees
    return 0 if agree else REFUSED
