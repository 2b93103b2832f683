"""What a page says of a set of cells: the rows of its table, ranked, and the figures of each task."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mann_bench.analysis.cells import Cell, cells
from mann_bench.analysis.convergence import ConvergenceRow, convergence_row
from mann_bench.analysis.curves.groups import DrawnCell, Group, Subject
from mann_bench.analysis.curves.learning import LearningFigure, learning_figure
from mann_bench.analysis.curves.lengths import LengthFigure, LengthLine, length_figure
from mann_bench.analysis.curves.solve import SolveFigure, generalizing_figure, solve_figure
from mann_bench.analysis.labels import cell_labels
from mann_bench.analysis.measures import Unit, convergence_durations, probed
from mann_bench.analysis.probe import probe_row
from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.results.schema import RuleRecord
from mann_bench.site.board import Board
from mann_bench.site.rows import LongestError, SheetRow
from mann_bench.site.safe_text import shown
from mann_bench.statistics.permutation import log_rank_test
from mann_bench.statistics.ranks import Rank, Ranking, ranking


class Line(NamedTuple):
    """A cell as a page shows it."""

    cell: Cell
    label: str
    entry: LoadedEntry | None
    """Who submitted it; None on a page of one's own runs."""


class Figures(NamedTuple):
    """The figures of a task, the number of the table's row that each of its cells has, and how they rank."""

    group: Group
    rows: tuple[int, ...]
    ranking: Ranking
    learning: LearningFigure | None
    solve: SolveFigure
    lengths: LengthFigure | None
    generalizing: SolveFigure | None


class Sheet(NamedTuple):
    """The table of a page, a row a cell by task and rank, and the figures that belong to it."""

    lines: list[Line]
    rows: list[SheetRow]
    figures: list[Figures]


class _Subject(NamedTuple):
    """What ranks are made within."""

    task: str
    protocol: str
    rule: RuleRecord


def board_sheet(board: Board) -> Sheet:
    """Return the sheet of all entries of a study."""
    return _sheet([line for entry in board.entries for line in _entry_lines(entry)])


def own_sheet(made: Sequence[Cell]) -> Sheet:
    """Return the sheet of one's own runs."""
    return _sheet([Line(cell, shown(label), None) for cell, label in zip(made, cell_labels(made), strict=True)])


def _entry_lines(entry: LoadedEntry) -> Iterator[Line]:
    made = cells(entry.records)
    labels, name = cell_labels(made), shown(entry.entry.name)
    several = len(set(labels)) > 1
    for cell, label in zip(made, labels, strict=True):
        yield Line(cell, f"{name}: {shown(label)}" if several else name, entry)


def _sheet(lines: Iterable[Line]) -> Sheet:
    subjects: dict[_Subject, list[Line]] = {}
    for line in sorted(lines, key=_order):
        subjects.setdefault(_Subject(line.cell.task, line.cell.protocol, line.cell.rule), []).append(line)
    labels = sorted({line.label for of_subject in subjects.values() for line in of_subject})
    sheet = Sheet([], [], [])
    for subject, of_subject in subjects.items():
        _add(sheet, subject, of_subject, {label: number for number, label in enumerate(labels)})
    return sheet


def _order(line: Line) -> tuple[str, ...]:
    cell = line.cell
    return cell.task, cell.protocol, line.entry.identifier if line.entry else "", cell.model, cell.records[0].key


def _add(sheet: Sheet, subject: _Subject, lines: Sequence[Line], styles: dict[str, int]) -> None:
    """Add the rows of a subject to the sheet, by rank, and its figures."""
    rows = [convergence_row(line.cell) for line in lines]
    means = [row.steps.restricted_mean for row in rows]
    placed = _ranking(lines)
    order = sorted(range(len(lines)), key=lambda index: (placed.ranks[index], means[index], index))
    ordered = [lines[index] for index in order]
    drawn = tuple(DrawnCell(line.cell, line.label, styles[line.label]) for line in ordered)
    group = Group(Subject(subject.task, subject.protocol, subject.rule.metric, subject.rule.below), drawn)
    lengths = length_figure(group)
    first = len(sheet.rows)
    numbers = tuple(range(first, first + len(lines)))
    curves = learning_figure(group), solve_figure(group), lengths, generalizing_figure(group)
    sheet.figures.append(Figures(group, numbers, placed, *curves))
    for place, index in enumerate(order):
        longest = lengths.lines[place] if lengths else None
        sheet.rows.append(_row(lines[index], rows[index], placed.ranks[index], longest))
        sheet.lines.append(lines[index])


def _row(line: Line, convergence: ConvergenceRow, rank: Rank, lengths: LengthLine | None) -> SheetRow:
    cell, entry, last = line.cell, line.entry, lengths.points[-1] if lengths and lengths.points else None
    return SheetRow(
        rank=rank,
        entry=entry and entry.identifier,
        name=entry and shown(entry.entry.name),
        badge=entry and entry.entry.badge,
        convergence=convergence,
        state_bytes=max(record.state_bytes for record in cell.records) or None,
        generalizing=probe_row(cell).found if probed(cell) else None,
        error=LongestError(size=last.size, estimate=last.estimate) if last else None,
    )


def _ranking(lines: Sequence[Line]) -> Ranking:
    """Rank cells by the steps until their runs converge."""
    durations = [convergence_durations(line.cell, Unit.STEPS) for line in lines]
    pairs = itertools.combinations(range(len(lines)), 2)
    return ranking(len(lines), {pair: log_rank_test(*(durations[index] for index in pair)) for pair in pairs})
