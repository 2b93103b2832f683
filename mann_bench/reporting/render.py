"""Write the tables as text, Markdown, LaTeX, CSV or JSON."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import rich.box
import rich.console
import rich.table
import rich.text
from rich.cells import cell_len

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.comparison import comparison_rows
from mann_bench.analysis.ranking import pairs_rows, rank_rows
from mann_bench.analysis.rows import FlatRow, Row, flat
from mann_bench.analysis.runs import run_rows
from mann_bench.analysis.tables import table_rows
from mann_bench.core.errors import UsageError
from mann_bench.reporting.latex import latex
from mann_bench.reporting.markdown import markdown
from mann_bench.reporting.tables.comparison import comparison_table
from mann_bench.reporting.tables.convergence import convergence_table
from mann_bench.reporting.tables.generalization import generalization_tables
from mann_bench.reporting.tables.probe import probe_table
from mann_bench.reporting.tables.ranks import pairs_tables, ranks_table
from mann_bench.reporting.tables.runs import runs_table
from mann_bench.reporting.tables.table import Table, reads_as_text

TABLES = ("convergence", "probe", "generalization", "ranks", "pairs", "runs")

_ASKED_FOR = ("ranks", "pairs")
"""Tables that people see where they ask for them: the few seeds of everyday runs can rank nothing."""

T = TypeVar("T", Row, Table)


class Format(StrEnum):
    """How tables are written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"
    JSON = "json"


def render(
    cells: Sequence[Cell],
    form: Format,
    width: int | None = None,
    compare: tuple[str, str] | None = None,
    table: str | None = None,
) -> str:
    """Return the tables. CSV holds one; JSON has one key for each.

    Args:
        cells: as of `mann_bench.analysis.cells.cells`; the same cells give the same text.
        form: how.
        width: columns of the text form; by default what the content takes.
        compare: two models; then their comparison is the one table.
        table: the name of one of `TABLES`; by default all are written, but texts for people leave out ranks and pairs.

    Raises:
        UsageError: the records do not have both models, or nothing for the table; or CSV should hold several.
    """
    if form in (Format.JSON, Format.CSV):
        chosen = {"comparison": comparison_rows(cells, *compare)} if compare else _chosen(_rows(cells), table)
        rows = {name: list(map(flat, content)) for name, content in chosen.items()}
        return f"{json.dumps(rows, indent=1)}\n" if form is Format.JSON else rows_csv(_only(rows))
    made = {"comparison": [comparison_table(cells, *compare)]} if compare else _chosen(_tables(cells, table), table)
    writers: dict[Format, Callable[[Table], str]] = {Format.MARKDOWN: markdown, Format.LATEX: latex}
    write = writers.get(form) or (lambda table: _text(table, width))
    return "\n".join(write(table) for tables in made.values() for table in tables)


def _chosen(tables: Mapping[str, Sequence[T]], name: str | None) -> Mapping[str, Sequence[T]]:
    if name is None:
        return tables
    if not tables[name]:
        raise UsageError(f"these records have nothing for table {name!r}. They have: {_listing(tables)}.")
    return {name: tables[name]}


def _only(tables: Mapping[str, list[FlatRow]]) -> list[FlatRow]:
    """Return the rows of the one table that has any."""
    filled = [rows for rows in tables.values() if rows]
    if len(filled) > 1:
        raise UsageError(f"CSV holds one table, and here are {_listing(tables)}. Choose one with --table.")
    return next(iter(filled), [])


def _listing(tables: Mapping[str, Sequence[object]]) -> str:
    return ", ".join(name for name, content in tables.items() if content)


def _rows(cells: Sequence[Cell]) -> Mapping[str, Sequence[Row]]:
    return {**table_rows(cells), "ranks": rank_rows(cells), "pairs": pairs_rows(cells), "runs": run_rows(cells)}


def rows_csv(rows: Sequence[FlatRow]) -> str:
    """Return rows as CSV; a column is empty where a row has nothing for it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _tables(cells: Sequence[Cell], chosen: str | None) -> dict[str, list[Table]]:
    probe, ranks = probe_table(cells), ranks_table(cells) if chosen in _ASKED_FOR else None
    return {
        "convergence": [convergence_table(cells)],
        "probe": [probe] if probe else [],
        "generalization": generalization_tables(cells),
        "ranks": [ranks] if ranks else [],
        "pairs": pairs_tables(cells) if chosen in _ASKED_FOR else [],
        "runs": [runs_table(cells)],
    }


def _text(table: Table, width: int | None) -> str:
    lines = _aligned(table) if width is None else _wrapped(table, width)
    return "\n".join([table.title, *lines, *(f"  {note}" for note in table.notes)]) + "\n"


def _aligned(table: Table) -> list[str]:
    """Return the lines of a table as `_wrapped` does where there is room for it, in a tenth of the time."""
    cells = [table.columns, *table.rows]
    lengths = [[cell_len(text) for text in row] for row in cells]
    widths = [max(column) for column in zip(*lengths, strict=True)]
    lefts = [reads_as_text(column) for column in table.columns]

    def line(row: Sequence[str], taken: Sequence[int]) -> str:
        blanks = [" " * (width - length) for width, length in zip(widths, taken, strict=True)]
        parts = zip(row, blanks, lefts, strict=True)
        return "  " + "   ".join(text + blank if left else blank + text for text, blank, left in parts)

    head, *rest = (line(row, taken).rstrip() for row, taken in zip(cells, lengths, strict=True))
    return ["", head, f" {'─' * (sum(widths) + 3 * len(widths) - 1)}", *rest, ""]


def _wrapped(table: Table, width: int) -> list[str]:
    """Return the lines of a table that takes at most so many columns; long cells are broken."""
    made = rich.table.Table(box=rich.box.SIMPLE_HEAD)
    for column in table.columns:
        made.add_column(rich.text.Text(column), justify="left" if reads_as_text(column) else "right")
    for row in table.rows:
        made.add_row(*map(rich.text.Text, row))  # Text: names are shown as they are, never read as markup
    console = rich.console.Console(width=width, file=io.StringIO(), color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(made)
    return [line.rstrip() for line in capture.get().splitlines()]
