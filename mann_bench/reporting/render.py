"""Write the tables as text, Markdown, LaTeX, CSV or JSON."""

import csv
import io
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from rich.cells import cell_len

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.comparison import comparison_rows
from mann_bench.analysis.level import level_rows, reached_rows
from mann_bench.analysis.ranking import pairs_rows, rank_rows
from mann_bench.analysis.rows import FlatRow, Row, flat
from mann_bench.analysis.runs import run_rows
from mann_bench.analysis.tables import table_rows
from mann_bench.core.errors import UsageError
from mann_bench.reporting.latex import latex
from mann_bench.reporting.layout import (
    MOST_LINES,
    fitting_widths,
    in_columns,
    indented,
    natural_widths,
    stacked,
    wrapped,
)
from mann_bench.reporting.markdown import markdown
from mann_bench.reporting.tables.comparison import comparison_table
from mann_bench.reporting.tables.convergence import convergence_table
from mann_bench.reporting.tables.generalization import generalization_tables
from mann_bench.reporting.tables.level import level_table, reached_table
from mann_bench.reporting.tables.probe import probe_table
from mann_bench.reporting.tables.ranks import pairs_tables, ranks_table
from mann_bench.reporting.tables.runs import runs_table
from mann_bench.reporting.tables.table import Table, reads_as_text

TABLES = ("convergence", "probe", "generalization", "level", "reached", "ranks", "pairs", "runs")

_ASKED_FOR = ("reached", "ranks", "pairs")
"""Tables that people see where they ask for them: "level" has "reached" below it, and few seeds can rank nothing."""

_INDENT, _GAP, _NARROW_GAP = "  ", "   ", "  "

T = TypeVar("T", Row, Table)


class Format(StrEnum):
    """How tables are written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"
    JSON = "json"

    @property
    def suffix(self) -> str:
        """How the names of its files end."""
        return {Format.TEXT: "txt", Format.MARKDOWN: "md", Format.LATEX: "tex"}.get(self, self.value)


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
        table: the name of one of `TABLES`; by default all are written, but texts for people leave out ranks and pairs,
            and put "reached" below "level".

    Raises:
        UsageError: the records do not have both models, or nothing for the table; or CSV should hold several.
    """
    if form in (Format.JSON, Format.CSV):
        rows = _flat_rows(cells, compare, table)
        return _json(rows) if form is Format.JSON else rows_csv(_only(rows))
    made = _made(cells, compare, table, asked=table in _ASKED_FOR)
    return _written([table for each in made.values() for table in each], form, width)


def render_each(
    cells: Sequence[Cell], form: Format, compare: tuple[str, str] | None = None, table: str | None = None
) -> dict[str, str]:
    """Return by name each table that has anything, as a text of its own; arguments and errors are those of `render`."""
    if form in (Format.JSON, Format.CSV):
        rows = {name: each for name, each in _flat_rows(cells, compare, table).items() if each}
        return {name: _json({name: each}) if form is Format.JSON else rows_csv(each) for name, each in rows.items()}
    made = _made(cells, compare, table, asked=True)
    return {name: _written(tables, form, None) for name, tables in made.items() if tables}


def _flat_rows(cells: Sequence[Cell], compare: tuple[str, str] | None, table: str | None) -> dict[str, list[FlatRow]]:
    chosen = {"comparison": comparison_rows(cells, *compare)} if compare else _chosen(_rows(cells), table)
    return {name: list(map(flat, content)) for name, content in chosen.items()}


def _made(
    cells: Sequence[Cell], compare: tuple[str, str] | None, table: str | None, asked: bool
) -> Mapping[str, Sequence[Table]]:
    return {"comparison": [comparison_table(cells, *compare)]} if compare else _chosen(_tables(cells, asked), table)


def _written(tables: Sequence[Table], form: Format, width: int | None) -> str:
    writers: dict[Format, Callable[[Table], str]] = {Format.MARKDOWN: markdown, Format.LATEX: latex}
    return "\n".join(map(writers[form], tables)) if form in writers else _text(tables, width)


def _json(rows: Mapping[str, list[FlatRow]]) -> str:
    return f"{json.dumps(rows, indent=1)}\n"


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
        raise UsageError(
            f"CSV holds one table, and here are {_listing(tables)}. Choose one with --table, or a file for each with "
            "--out."
        )
    return next(iter(filled), [])


def _listing(tables: Mapping[str, Sequence[object]]) -> str:
    return ", ".join(name for name, content in tables.items() if content)


def _rows(cells: Sequence[Cell]) -> Mapping[str, Sequence[Row]]:
    more: dict[str, Sequence[Row]] = {"ranks": rank_rows(cells), "pairs": pairs_rows(cells), "runs": run_rows(cells)}
    return {**table_rows(cells), "level": level_rows(cells), "reached": reached_rows(cells), **more}


def rows_csv(rows: Sequence[FlatRow]) -> str:
    """Return rows as CSV; a column is empty where a row has nothing for it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _tables(cells: Sequence[Cell], asked: bool) -> dict[str, list[Table]]:
    probe, ranks = probe_table(cells), ranks_table(cells) if asked else None
    levels, reached = [[made] if made else [] for made in (level_table(cells), reached_table(cells))]
    return {
        "convergence": [convergence_table(cells)],
        "probe": [probe] if probe else [],
        "generalization": generalization_tables(cells),
        "level": levels if asked else [*levels, *reached],
        "reached": reached if asked else [],
        "ranks": [ranks] if ranks else [],
        "pairs": pairs_tables(cells) if asked else [],
        "runs": [runs_table(cells)],
    }


def _text(tables: Sequence[Table], width: int | None) -> str:
    """Return tables one after the other, and below the last one the notes, each once."""
    lines = [line for table in tables for line in _lines(table, width)]
    return "\n".join([*lines, *(line for note in _notes(tables) for line in indented(note, width))]) + "\n"


def _notes(tables: Sequence[Table]) -> list[str]:
    """Return each note once; one that not all tables of a kind have says of which it is, such as ``copy: ...``."""
    kinds = [table.title.partition(": ")[::2] for table in tables]
    notes: dict[str, None] = {}
    for note in dict.fromkeys(note for table in tables for note in table.notes):
        found = [kind for table, kind in zip(tables, kinds, strict=True) if note in table.notes]
        others = any(kind not in found and kind[0] == found[0][0] for kind in kinds)
        subjects = [subject for _, subject in found if others and subject not in note]
        notes[f"{', '.join(subjects)}: {note}" if subjects else note] = None
    return list(notes)


def _lines(table: Table, width: int | None) -> list[str]:
    """Return the lines of a table that takes at most so many columns, with an empty line after it.

    The narrower it has to be, the more of these is done to it: columns come closer, tasks go on lines of their own,
    cells go on over several lines, rows become blocks.
    """
    if width is None:
        return [table.title, "", *_columns(table, _GAP, natural_widths([table.columns, *table.rows])), ""]
    tall = 1 if table.columns[0].endswith(":") else MOST_LINES
    several_tasks = table.columns[0] == "task"
    for gap, most_lines, keys in (_GAP, 1, 0), (_NARROW_GAP, 1, 0), (_NARROW_GAP, 1, 1), (_NARROW_GAP, tall, 1):
        leading = keys if several_tasks else 0
        rows = [row[leading:] for row in [table.columns, *table.rows]]
        widths = fitting_widths(rows, width - len(_rule(0)) - len(gap) * (len(rows[0]) - 1), most_lines)
        if widths is not None:
            return [*wrapped(table.title, width), "", *_columns(table, gap, widths, leading), ""]
    return [*wrapped(table.title, width), "", *_blocks(table, width), ""]


def _columns(table: Table, gap: str, widths: Sequence[int], leading: int = 0) -> list[str]:
    """Return the lines of a table in columns but for the `leading` ones: they go on a line where they change."""
    lefts = [reads_as_text(column) for column in table.columns[leading:]]
    head, *rest = in_columns([row[leading:] for row in [table.columns, *table.rows]], widths, gap, lefts)
    lines, above = [], table.columns[:0]
    for row, of_row in zip(table.rows, rest, strict=True):
        if row[:leading] != above:
            above = row[:leading]
            lines += above
        lines += [_INDENT + line for line in of_row]
    return [*(_INDENT + line for line in head), _rule(sum(widths) + len(gap) * (len(widths) - 1)), *lines]


def _blocks(table: Table, width: int) -> list[str]:
    """Return the lines of a table for which a width has no columns: each row below what it is about."""
    keys, room = list(map(reads_as_text, table.columns)).index(False), width - len(_INDENT)
    blocks = [*itertools.chain(*stacked(table.columns, table.rows, keys, room))]
    heading = wrapped(", ".join(table.columns[:keys]), room)
    taken = max(map(cell_len, [*heading, *blocks]))
    return [*(_INDENT + line for line in heading), _rule(taken), *(_INDENT + line for line in blocks)]


def _rule(length: int) -> str:
    return f" {'─' * (length + 2)}"
