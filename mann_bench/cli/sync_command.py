"""``mann-bench sync``: mirror records to Weights & Biases that were never mirrored."""

from pathlib import Path

import click

from mann_bench.cli.parameters import PathType, examples
from mann_bench.cli.problems import say, tell


@click.command(epilog=examples("mann-bench sync", "mann-bench sync runs --wandb online"))
@click.argument("runs", nargs=-1, type=PathType())
@click.option(
    "--wandb", type=click.Choice(["online", "offline"]),
    help="Where to send them.  [default: online if you are logged in, else offline]",
)  # fmt: skip
def command(runs: tuple[Path, ...], wandb: str | None) -> int:
    """Send the records in RUNS (default: the folder runs) to Weights & Biases that were not sent yet.

    Records that were written offline are sent again when you are online. No run appears twice, because its W&B id is
    its run key. W&B writes its files into the folder wandb beside the folders of the runs, as `run` does.
    """
    from mann_bench.api import wandb_mode
    from mann_bench.core.errors import StoreError
    from mann_bench.reporting.wandb_mirror import MARKER_NAME, WandbMirror, needs_mirror
    from mann_bench.results.store import RECORD_NAME, load_record, record_files

    mode = wandb_mode(wandb)
    done = skipped = 0
    problems: list[str] = []
    for file in [file for path in runs or (Path("runs"),) for file in record_files(path)]:
        try:
            record = load_record(file)
        except StoreError as error:
            problems.append(str(error))
            continue
        if file.name != RECORD_NAME:
            problems.append(f"{file}: only a record in a run's folder is sent, since {MARKER_NAME} there notes it.")
            continue
        if not needs_mirror(file.parent, mode):
            skipped += 1
            continue
        with WandbMirror(mode, file.absolute().parent.parent) as mirror:
            mirror.mirror(record, file.parent)
        problems += mirror.problems
        mode = mirror.mode
        done += not mirror.problems
    say(f"{done} mirrored ({mode}), {skipped} were mirrored before, {len(problems)} failed.", err=True)
    tell(problems, "Problem: ")
    return 1 if problems else 0
