"""``mann-bench sync``: mirror records to Weights & Biases that were never mirrored."""

from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--wandb", type=click.Choice(["online", "offline"]),
    help="Where to.  [default: online where logged in, else offline]",
)  # fmt: skip
@click.option(
    "--out",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for W&B's files.",
)
def command(runs: tuple[Path, ...], wandb: str | None, out: Path) -> int:
    """Mirror the records at or below RUNS (default: the folder runs) that were not mirrored yet.

    Records that were mirrored offline are mirrored again where this is online. Nothing is duplicated: a
    run's id is its key.
    """
    from mann_bench.api import records_under, wandb_mode
    from mann_bench.reporting.wandb_mirror import WandbMirror, needs_mirror

    mode = wandb_mode(wandb)
    done = skipped = 0
    with WandbMirror(mode, out) as mirror:
        for path in runs or (Path("runs"),):
            for folder, record in records_under(path):
                if not needs_mirror(folder, mode):
                    skipped += 1
                    continue
                mirror.mirror(record, folder)
                done += 1
    failed = len(mirror.problems)
    click.echo(f"{done - failed} mirrored ({mode}), {skipped} were already, {failed} failed.", err=True)
    for problem in mirror.problems:
        click.echo(f"Problem: {problem}", err=True)
    return 1 if failed else 0
