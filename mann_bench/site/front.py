"""The first page of the site: models against tasks over all studies, pairs of models, and what there is to find."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from mann_bench.analysis.cells import Cell, cells
from mann_bench.analysis.comparable import Model
from mann_bench.analysis.convergence import ConvergenceRow, convergence_row
from mann_bench.analysis.matrix import Column, Matrix, matrix
from mann_bench.analysis.measures import probed
from mann_bench.analysis.probe import Generalizing, probe_row
from mann_bench.analysis.ranking import By
from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.leaderboard.records import by_date
from mann_bench.site.board import Board
from mann_bench.site.pairs import Pair, pairs
from mann_bench.site.safe_text import shown
from mann_bench.statistics.borda import Borda
from mann_bench.statistics.ranks import Rank

LONGEST_VARIANT = 160
MOST_ROWS = 40
"""Most models of the table; the boards have all."""


class Place(NamedTuple):
    """A cell of an entry, and where its page is."""

    board: str
    entry: LoadedEntry
    cell: Cell

    @property
    def link(self) -> str:
        """The way from the first page to the rows of its task and model on the page of its study."""
        task, model = shown(self.cell.task, LONGEST_VARIANT), shown(self.cell.records[0].model.name)
        return f"{self.board}/index.html#{urlencode({'task': task, 'model': model})}"


class Figure(NamedTuple):
    """What the table says of a model on a task.

    Attributes:
        place: where it is from.
        row: how its seeds converged.
        generalizing: None where generalisation was not measured over training.
        ranks: the places that it may have among the models of the task; None where its records hold no such value.
        of: how many models each ranking has.
    """

    place: Place
    row: ConvergenceRow
    generalizing: Generalizing | None
    ranks: dict[By, Rank | None]
    of: dict[By, int]


class Task(NamedTuple):
    """A column of the table."""

    column: Column
    budget: int
    figures: dict[Model, Figure]

    @property
    def seeds(self) -> tuple[int, int]:
        """The fewest and the most seeds of a cell."""
        sizes = [len(figure.place.cell.records) for figure in self.figures.values()]
        return min(sizes), max(sizes)


class ModelRow(NamedTuple):
    """A row of the table: a model, its Borda points, and its place by those of each ranking."""

    model: Model
    label: str
    borda: dict[By, Borda]
    places: dict[By, int]


class Found(NamedTuple):
    """What a search finds: the cells of a model on a task that a board has."""

    model: str
    task: str
    protocol: str
    board: str
    solved: str
    entries: int

    @property
    def words(self) -> tuple[str, ...]:
        """What a search reads."""
        return self[:4]


class Front(NamedTuple):
    """What the first page shows.

    Attributes:
        rows, tasks: of the table. Rows are those with the most Borda points by steps, `MOST_ROWS` at most.
        models: how many models there are in all.
        pairs: of the first rows.
        elsewhere: what the table leaves out: how many cells a board has under a protocol, with its name.
        found: what a search looks through.
        significance: the level at which each task is ranked.
    """

    rows: list[ModelRow]
    tasks: list[Task]
    models: int
    pairs: list[Pair]
    elsewhere: list[tuple[str, str, int]]
    found: list[Found]
    significance: float

    @property
    def own_training(self) -> bool:
        """Whether a model of the table was trained in its own way."""
        return any(figure.row.own_training for task in self.tasks for figure in task.figures.values())


def front(boards: Sequence[Board]) -> Front:
    """Return the first page of the site of these boards."""
    board_of = {id(entry): board for board in boards for entry in board.entries}
    entries = by_date(entry for board in boards for entry in board.entries)
    places = [
        Place(board_of[id(entry)].name, entry, cell) for entry in entries for cell in cells(entry.records, entry.tuned)
    ]
    levels = [board_of[id(place.entry)].significance for place in places]
    made = matrix([place.cell for place in places], levels)
    tasks = [_task(column, places) for column in made.columns]
    rows = _rows(made)
    return Front(
        rows, tasks, len(made.models), list(_pairs(rows, tasks)), _elsewhere(places, tasks), _found(places),
        made.significance,
    )  # fmt: skip


def _rows(made: Matrix) -> list[ModelRow]:
    texts = [model.text for model in made.models]
    orders = {by: sorted(made.models, key=lambda model: -made.borda[by][model].value) for by in By}
    return [
        ModelRow(
            model,
            shown(model.text, LONGEST_VARIANT) + (f" [{shown(model.distribution)}]" * (texts.count(model.text) > 1)),
            {by: made.borda[by][model] for by in By},
            {by: orders[by].index(model) for by in By},
        )
        for model in made.models[:MOST_ROWS]
    ]


def _task(column: Column, places: Sequence[Place]) -> Task:
    figures = {}
    known = {by: sum(rank is not None for rank in ranked.ranks) for by, ranked in column.ranked.items()}
    for number, (model, place) in enumerate(column.places.items()):
        cell = places[place].cell
        found = probe_row(cell).found if probed(cell) else None
        ranks = {by: ranked.ranks[number] for by, ranked in column.ranked.items()}
        figures[model] = Figure(places[place], convergence_row(cell), found, ranks, known)
    return Task(column, next(iter(figures.values())).place.cell.budget, figures)


def _pairs(rows: Sequence[ModelRow], tasks: Sequence[Task]) -> Iterator[Pair]:
    """Yield the tests of every two of the first rows on each task that both have."""
    numbers = {row.model: number for number, row in enumerate(rows)}
    for number, task in enumerate(tasks):
        held = [figure.place.cell for figure in task.figures.values()]
        yield from pairs(number, held, [numbers.get(model) for model in task.figures], task.column.ranked)


def _elsewhere(places: Sequence[Place], tasks: Sequence[Task]) -> list[tuple[str, str, int]]:
    """Return what boards have under protocols that no column shows: protocol, board and number of cells."""
    shown_protocols = {(task.column.task, task.column.protocol) for task in tasks}
    left = [each for each in places if (each.cell.task, each.cell.protocol) not in shown_protocols]
    counts = Counter((place.cell.protocol, place.board) for place in left)
    return [(*name, count) for name, count in sorted(counts.items())]


def _found(places: Sequence[Place]) -> list[Found]:
    """Return what there is to find; the seeds solved are those of the entry that was submitted first."""
    grouped: dict[tuple[str, ...], list[Place]] = {}
    for place in places:
        cell = place.cell
        grouped.setdefault((cell.model, cell.task, cell.protocol, place.board), []).append(place)
    return [
        Found(
            shown(model, LONGEST_VARIANT), shown(task, LONGEST_VARIANT), shown(protocol, LONGEST_VARIANT), board,
            _solved(group[0].cell), len(group),
        )
        for (model, task, protocol, board), group in sorted(grouped.items())
    ]  # fmt: skip


def _solved(cell: Cell) -> str:
    solved = convergence_row(cell).solved
    return f"{solved.successes}/{solved.n}"
