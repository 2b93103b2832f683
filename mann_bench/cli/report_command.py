"""``mann-bench report``: print the tables of runs on disk, and draw their figures."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mann_bench.cli.columns import terminal_width
from mann_bench.cli.parameters import PathType, examples, tuned_option
from mann_bench.cli.problems import say, tell
from mann_bench.core.collector import uncollected
from mann_bench.core.errors import UsageError
from mann_bench.core.message_text import counted

if TYPE_CHECKING:
    from mann_bench.analysis.cells import Cell
    from mann_bench.analysis.tuned import TunedCells
    from mann_bench.results.schema import Record

_CLASH = "these folders hold records of this run that differ; the last one is shown. Give one of the folders alone."


@click.command(
    epilog=examples(
        "mann-bench report",
        "mann-bench report runs more-runs --compare ntm lstm",
        "mann-bench report leaderboards/memory-init --table ranks",
        "mann-bench report --format csv --out tables --figures figures",
    )
)
@click.argument("runs", nargs=-1, type=PathType())
@click.option(
    "--format", "form", default="text", show_default=True,
    type=click.Choice(["text", "markdown", "latex", "csv", "json"]), help="Format of the tables.",
)  # fmt: skip
@click.option(
    "--table",
    type=click.Choice(["convergence", "probe", "generalization", "level", "reached", "ranks", "pairs", "runs"]),
    help="Print only this table. The format csv needs this; ranks and pairs are printed only so, or as json.",
)  # fmt: skip
@click.option(
    "--compare", nargs=2, metavar="MODEL MODEL",
    help="Instead, print how much faster the first model converges than the second, with a permutation test.",
)  # fmt: skip
@click.option(
    "--out", metavar="DIR", type=PathType(file_okay=False),
    help="Write each table into a file of its own in this folder, instead of printing it.",
)  # fmt: skip
@click.option(
    "--figures", metavar="DIR", type=PathType(file_okay=False),
    help="Also draw all figures into this folder, as SVG and PNG, and write their data.",
)  # fmt: skip
@click.option(
    "--html", metavar="FILE", type=PathType(dir_okay=False),
    help="Also write a web page with tables, charts and runs into this file.",
)  # fmt: skip
@click.option(
    "--converged-on", type=click.Choice(["mix", "target"]), default="mix", show_default=True,
    help="Judge convergence on all training sizes, or on the greatest alone.",
)  # fmt: skip
@tuned_option
def command(
    runs: tuple[Path, ...],
    form: str,
    table: str | None,
    compare: tuple[str, str] | None,
    out: Path | None,
    figures: Path | None,
    html: Path | None,
    converged_on: str,
    tuned: Path | None,
) -> int:
    """Print the tables from all records in the files and folders RUNS (default: the folder runs).

    A folder is that of a run, of runs, of an entry of a leaderboard, or of a study's or all leaderboards.

    Records that cannot be read are left out. Standard error names the first 20 of them, and the exit code is then 1.
    Standard error also names the files that are written.
    """

    def tell_tables(made: "list[Cell]") -> None:
        from mann_bench.reporting.render import Format, render, render_each

        if out is None:
            say(render(made, Format(form), terminal_width(), compare, table), nl=False)
            return
        texts = render_each(made, Format(form), compare, table)
        _write(
            "the tables", out, {out / f"{name}.{Format(form).suffix}": text.encode() for name, text in texts.items()}
        )

    if compare and table:
        raise UsageError("--compare prints a table of its own: leave --table out.")
    with uncollected():  # until all is told: nothing of it becomes garbage before
        return _report(runs, tell_tables, out, figures, html, converged_on == "target", tuned)


def _report(
    runs: tuple[Path, ...],
    tell_tables: Callable[["list[Cell]"], None],
    out: Path | None,
    figures: Path | None,
    html: Path | None,
    target: bool,
    tuned: Path | None,
) -> int:
    from mann_bench.results.many import clashing, load_records, load_thinned
    from mann_bench.results.store import record_files

    files = [file for path in runs or (Path("runs"),) for file in record_files(path)]
    whole = figures or html or target
    records, problems = load_records(files) if whole else load_thinned(files, _import_tables)
    from mann_bench.analysis.cells import cells
    from mann_bench.analysis.target import on_target
    from mann_bench.results.files import prepare_file, prepare_folder

    if target:
        records = [on_target(record) for record in records]
        tell(["Judged on sequences of the greatest training size alone."])
    tell([each.reason for each in problems], "Left out: ")
    tell([f"{record.text}: {_CLASH}" for record in clashing(records)])
    rates = None
    if tuned:
        from mann_bench.studies.tuning_file import load_tuning

        rates, records = load_tuning(tuned).tuned_cells(), _without_tuning(records)
        _check_rates(records, rates, tuned)
    if records:
        for folder, option in ((out, "--out"), (figures, "--figures")):
            if folder:
                prepare_folder(folder, option)
        if html:
            prepare_file(html, "--html")
        made = cells(records, rates)
        tell_tables(made)
        if figures:
            _draw(made, figures)
        if html:
            _write_page(made, html)
    return 1 if problems else 0


def _without_tuning(records: "list[Record]") -> "list[Record]":
    """Return the records but for those of tuning runs, by which rates were chosen, and say how many those are."""
    from mann_bench.studies.schema import FIRST_TUNING_SEED

    kept = [record for record in records if record.seed < FIRST_TUNING_SEED]
    if left_out := len(records) - len(kept):
        tell([f"Left out {counted(left_out, 'run')} on seeds from {FIRST_TUNING_SEED} on: they are kept for tuning."])
    return kept


def _check_rates(records: "list[Record]", rates: "TunedCells", file: Path) -> None:
    """Say which cells are not at the rates of a file; raises UsageError where none is, or the file misstates one."""
    from mann_bench.analysis.tuned import RATE

    found = {each.cell_name: each.protocol for each in records}
    for cell in found.keys() & rates.keys():
        if (trained := found[cell].fields.get(RATE)) != rates[cell].rate:
            raise UsageError(
                f"{file}: it gives {cell} the rate {rates[cell].rate:g}, "
                f"and the runs have {trained}. Tune the study anew with mann-bench tune."
            )
    if not found.keys() & rates.keys():
        raise UsageError(
            f"no run here is at a rate of {file}. Train some with mann-bench study run STUDY --tuned {file}, or leave "
            "--tuned out."
        )
    tell([f"{each}: not at a rate of {file}." for each in sorted(found.keys() - rates.keys())])


def _import_tables() -> None:
    import mann_bench.reporting.render  # noqa: F401


def _draw(made: "list[Cell]", folder: Path) -> None:
    from mann_bench.reporting.figures.files import figure_files

    _write("the figures", folder, {folder / name: content for name, content in figure_files(made).items()})


def _write_page(made: "list[Cell]", file: Path) -> None:
    from mann_bench.site.report import report_page

    _write("the page", file, {file: report_page(made)})


def _write(what: str, place: Path, files: dict[Path, bytes]) -> None:
    from mann_bench.results.files import write_output

    write_output(what, place, files)
    for file in files:
        say(str(file), err=True)
