"""What a page says of a set of cells: the rows of its table, ranked, and the figures of each task."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mann_bench.analysis.cells import Cell, cells
from mann_bench.analysis.convergence import convergence_row
from mann_bench.analysis.curves.cost import CostFigure, cost_figure
from mann_bench.analysis.curves.groups import DrawnCell, Group
from mann_bench.analysis.curves.groups import Subject as FigureSubject
from mann_bench.analysis.curves.learning import LearningFigure, learning_figure
from mann_bench.analysis.curves.lengths import LengthFigure, LengthLine, length_figure
from mann_bench.analysis.curves.level import LevelFigure, level_figure
from mann_bench.analysis.curves.solve import SolveFigure, generalizing_figure, solve_figure
from mann_bench.analysis.labels import cell_labels
from mann_bench.analysis.probe import generalizing
from mann_bench.analysis.ranking import By, PairsRow, Ranks, Subject, pairs_row, rankings
from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.leaderboard.records import by_date
from mann_bench.site.board import Board
from mann_bench.site.pairs import Pair
from mann_bench.site.pairs import pairs as pairs_of
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
    """The figures of a task, the number of the table's row that each of its cells has, what ranks tell apart,
    and the tests of its first rows."""

    group: Group
    rows: tuple[int, ...]
    pairs: list[PairsRow]
    tests: list[Pair]
    learning: LearningFigure | None
    solve: SolveFigure
    lengths: LengthFigure | None
    generalizing: SolveFigure | None
    levels: LevelFigure | None
    cost: CostFigure | None


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


def board_sheet(board: Board, styles: Mapping[str, int] | None = None) -> Sheet:
    """Return the sheet of all entries of a study; `styles` are those of models on all boards, as of `model_styles`."""
    lines = [line for entry in board.entries for line in _entry_lines(entry, len(board.entries) == 1)]
    return _sheet(lines, model_styles([board]) if styles is None else styles, board.significance)


def own_sheet(made: Sequence[Cell]) -> Sheet:
    """Return the sheet of one's own runs."""
    styles = {model: number for number, model in enumerate(sorted({cell.model for cell in made}))}
    return _sheet([Line(cell, shown(label), None) for cell, label in zip(made, cell_labels(made), strict=True)], styles)


def model_styles(boards: Sequence[Board]) -> dict[str, int]:
    """Return the number of the line style of each model, the same on all boards.

    Models are numbered as they were submitted, so that a new entry changes the style of no other.
    """
    entries = by_date(entry for board in boards for entry in board.entries)
    models = dict.fromkeys(cell.model for entry in entries for cell in cells(entry.records))
    return {model: number for number, model in enumerate(models)}


def _entry_lines(entry: LoadedEntry, alone: bool) -> Iterator[Line]:
    made = cells(entry.records, entry.tuned)
    labels, name = _labels(made), shown(entry.entry.name)
    several = len(set(labels)) > 1
    for cell, label in zip(made, labels, strict=True):
        yield Line(cell, shown(label) if alone else f"{name}: {shown(label)}" if several else name, entry)


def _labels(made: Sequence[Cell]) -> list[str]:
    """Name cells by their models where that tells those of each task and protocol apart: titles name the protocol."""
    models = [(cell.task, cell.protocol, cell.model) for cell in made]
    return [cell.model for cell in made] if len(set(models)) == len(models) else cell_labels(made)


def _sheet(lines: Iterable[Line], styles: Mapping[str, int], significance: float = SIGNIFICANCE) -> Sheet:
    by_subject: dict[Subject, list[Line]] = {}
    for line in sorted(lines, key=_order):
        by_subject.setdefault(Subject.of(line.cell), []).append(line)
    sheet = Sheet([], [], [], [], significance)
    for subject, of_subject in by_subject.items():
        _add(sheet, subject, of_subject, styles)
    return sheet


def _order(line: Line) -> tuple[str, ...]:
    cell = line.cell
    return cell.task, cell.protocol, line.entry.identifier if line.entry else "", cell.model, cell.records[0].key


def _add(sheet: Sheet, subject: Subject, lines: Sequence[Line], styles: Mapping[str, int]) -> None:
    """Add the rows of a subject to the sheet, by rank, and its figures."""
    ranked = rankings([line.cell for line in lines], significance=sheet.significance)
    order = ranked[0].order
    ordered = [lines[index] for index in order]
    drawn = tuple(DrawnCell(line.cell, line.label, styles[line.cell.model]) for line in ordered)
    group = Group(FigureSubject.of(*subject), drawn)
    lengths = length_figure(group)
    first = len(sheet.rows)
    numbers = tuple(range(first, first + len(lines)))
    pairs = [pairs_row(subject, each, sheet.significance) for each in ranked] if len(lines) > 1 else []
    at = [first + order.index(index) for index in range(len(lines))]
    tests = list(pairs_of(len(sheet.figures), [line.cell for line in lines], at, {each.by: each for each in ranked}))
    cost = lengths and cost_figure(group, lengths)
    over_training = generalizing_figure(group), level_figure(group)
    curves = learning_figure(group), solve_figure(group), lengths, *over_training, cost
    sheet.figures.append(Figures(group, numbers, pairs, tests, *curves))
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
        generalizing=generalizing(cell),
        error=LongestError(size=last.size, estimate=last.estimate) if last else None,
    )
