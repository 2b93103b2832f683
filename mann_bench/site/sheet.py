"""What a page says of a set of cells: the rows of its table, ranked, and the figures of each task."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mann_bench.analysis.cells import Cell, cells
from mann_bench.analysis.convergence import convergence_row
from mann_bench.analysis.curves.groups import DrawnCell, Group
from mann_bench.analysis.curves.groups import Subject as FigureSubject
from mann_bench.analysis.curves.learning import LearningFigure, learning_figure
from mann_bench.analysis.curves.lengths import LengthFigure, LengthLine, length_figure
from mann_bench.analysis.curves.solve import SolveFigure, generalizing_figure, solve_figure
from mann_bench.analysis.labels import cell_labels
from mann_bench.analysis.measures import probed
from mann_bench.analysis.probe import probe_row
from mann_bench.analysis.ranking import By, PairsRow, Ranks, Subject, pairs_row, rankings
from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.site.board import Board
from mann_bench.site.rows import LongestError, SheetRow
from mann_bench.site.safe_text import shown
from mann_bench.statistics.interval import SIGNIFICANCE


class Line(NamedTuple):
    """A cell as a page shows it."""

    cell: Cell
    label: str
    entry: LoadedEntry | None
    """Who submitted it; None on a page of one's own runs."""


class Figures(NamedTuple):
    """The figures of a task, the number of the table's row that each of its cells has, and what ranks tell apart."""

    group: Group
    rows: tuple[int, ...]
    pairs: list[PairsRow]
    learning: LearningFigure | None
    solve: SolveFigure
    lengths: LengthFigure | None
    generalizing: SolveFigure | None


class Sheet(NamedTuple):
    """The table of a page, a row a cell by task and rank by steps, and the figures that belong to it.

    Attributes:
        lines: the cells.
        rows: what the table says of each.
        places: of each, where it stands among all rows by each ranking within its task; none where it is not ranked.
        figures: a task each.
        significance: the level at which ranks are made, for all pairs of a task together.
    """

    lines: list[Line]
    rows: list[SheetRow]
    places: list[dict[By, int]]
    figures: list[Figures]
    significance: float


def board_sheet(board: Board) -> Sheet:
    """Return the sheet of all entries of a study."""
    return _sheet([line for entry in board.entries for line in _entry_lines(entry)], board.significance)


def own_sheet(made: Sequence[Cell]) -> Sheet:
    """Return the sheet of one's own runs."""
    return _sheet([Line(cell, shown(label), None) for cell, label in zip(made, cell_labels(made), strict=True)])


def _entry_lines(entry: LoadedEntry) -> Iterator[Line]:
    made = cells(entry.records)
    labels, name = cell_labels(made), shown(entry.entry.name)
    several = len(set(labels)) > 1
    for cell, label in zip(made, labels, strict=True):
        yield Line(cell, f"{name}: {shown(label)}" if several else name, entry)


def _sheet(lines: Iterable[Line], significance: float = SIGNIFICANCE) -> Sheet:
    by_subject: dict[Subject, list[Line]] = {}
    for line in sorted(lines, key=_order):
        by_subject.setdefault(Subject.of(line.cell), []).append(line)
    labels = sorted({line.label for of_subject in by_subject.values() for line in of_subject})
    sheet = Sheet([], [], [], [], significance)
    for subject, of_subject in by_subject.items():
        _add(sheet, subject, of_subject, {label: number for number, label in enumerate(labels)})
    return sheet


def _order(line: Line) -> tuple[str, ...]:
    cell = line.cell
    return cell.task, cell.protocol, line.entry.identifier if line.entry else "", cell.model, cell.records[0].key


def _add(sheet: Sheet, subject: Subject, lines: Sequence[Line], styles: dict[str, int]) -> None:
    """Add the rows of a subject to the sheet, by rank, and its figures."""
    ranked = rankings([line.cell for line in lines], significance=sheet.significance)
    order = ranked[0].order
    ordered = [lines[index] for index in order]
    drawn = tuple(DrawnCell(line.cell, line.label, styles[line.label]) for line in ordered)
    group = Group(FigureSubject(subject.task, subject.protocol, subject.rule.metric, subject.rule.below), drawn)
    lengths = length_figure(group)
    first = len(sheet.rows)
    numbers = tuple(range(first, first + len(lines)))
    pairs = [pairs_row(subject, each, sheet.significance) for each in ranked] if len(lines) > 1 else []
    curves = learning_figure(group), solve_figure(group), lengths, generalizing_figure(group)
    sheet.figures.append(Figures(group, numbers, pairs, *curves))
    for place, index in enumerate(order):
        longest = lengths.lines[place] if lengths else None
        sheet.rows.append(_row(lines[index], Ranks.of(ranked, index), longest))
        sheet.lines.append(lines[index])
        sheet.places.append(
            {each.by: first + each.order.index(index) for each in ranked if each.ranks[index] is not None}
        )


def _row(line: Line, rank: Ranks, lengths: LengthLine | None) -> SheetRow:
    cell, entry, last = line.cell, line.entry, lengths.points[-1] if lengths and lengths.points else None
    return SheetRow(
        rank=rank,
        entry=entry and entry.identifier,
        name=entry and shown(entry.entry.name),
        badge=entry and entry.entry.badge,
        convergence=convergence_row(cell),
        state_bytes=max(record.state_bytes for record in cell.records) or None,
        generalizing=probe_row(cell).found if probed(cell) else None,
        error=LongestError(size=last.size, estimate=last.estimate) if last else None,
    )
