"""The first page of the site: models against tasks over all studies, pairs of models, and what there is to find."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from mann_bench.analysis.cells import Cell, cells
from mann_bench.analysis.comparable import Model
from mann_bench.analysis.convergence import ConvergenceRow, convergence_row
from mann_bench.analysis.matrix import Column, Matrix, matrix
from mann_bench.analysis.probe import Generalizing, generalizing
from mann_bench.analysis.ranking import By, Ranked
from mann_bench.analysis.rows import Share
from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.leaderboard.records import by_date
from mann_bench.site.board import Board
from mann_bench.site.pairs import Pair, pairs
from mann_bench.site.safe_text import shown, shown_variant
from mann_bench.statistics.borda import Borda
from mann_bench.statistics.ranks import Rank, pairs_within_reach, seeds_to_decide

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
        task, model = (shown_variant(text) for text in (self.cell.task, self.cell.model))
        return f"{self.board}/index.html#{urlencode({'task': task, 'model': model})}"


class Figure(NamedTuple):
    """What the table says of a model on a task.

    Attributes:
        place: where it is from.
        row: how its seeds converged.
        generalizing: None where generalisation was not measured over training.
        ranks: the places that it may have among the models of the task; None where its records hold no such value;
            empty where the seeds of the task are too few to rank any model.
        of: how many models each ranking has.
    """

    place: Place
    row: ConvergenceRow
    generalizing: Generalizing | None
    ranks: dict[By, Rank | None]
    of: dict[By, int]


class Task(NamedTuple):
    """A column of the table.

    Attributes:
        column, budget: the task, and how many steps its runs may train.
        figures: of each model.
        needed: seeds of each model with which the tests could tell one pair apart.
        decidable: whether any pair has seeds enough to be told apart, whatever came out; of one model alone, true.
    """

    column: Column
    budget: int
    figures: dict[Model, Figure]
    needed: int
    decidable: bool

    @property
    def seeds(self) -> tuple[int, int]:
        """The fewest and the most seeds of a cell."""
        sizes = [len(figure.place.cell.records) for figure in self.figures.values()]
        return min(sizes), max(sizes)


class ModelRow(NamedTuple):
    """A row of the table: a model, its Borda points, and its place by those of each ranking.

    Attributes:
        placed: whether it ran at least half of the tasks; the others stand below, and show no points.
    """

    model: Model
    label: str
    borda: dict[By, Borda]
    places: dict[By, int]
    placed: bool


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


class Generalization(NamedTuple):
    """How many seeds of a cell generalise, and where it is."""

    place: Place
    share: Share

    @property
    def task(self) -> str:
        """The task of the cell."""
        return self.place.cell.task


class Front(NamedTuple):
    """What the first page shows.

    Attributes:
        rows, tasks: of the table. Rows are those with the most Borda points by steps, `MOST_ROWS` at most.
        models: how many models there are in all.
        pairs: of the first rows.
        elsewhere: what the table leaves out: how many cells a board has under a protocol, with its name.
        left: of those cells, the ones of which some seeds generalise: the greatest share first, then the most seeds.
        found: what a search looks through.
        significance: the level at which each task is ranked.
    """

    rows: list[ModelRow]
    tasks: list[Task]
    models: int
    pairs: list[Pair]
    elsewhere: list[tuple[str, str, int]]
    left: list[Generalization]
    found: list[Found]
    significance: float

    @property
    def own_training(self) -> bool:
        """Whether a model of the table was trained in its own way."""
        return any(figure.row.own_training for task in self.tasks for figure in task.figures.values())

    @property
    def open_orders(self) -> list[By]:
        """The rankings whose points decide nothing: the intervals of all models overlap."""
        points = {by: [row.borda[by] for row in self.rows if row.placed] for by in By}
        return [
            by
            for by, of_rows in points.items()
            if len(of_rows) > 1 and max(each.low for each in of_rows) <= min(each.high for each in of_rows)
        ]


def front(boards: Sequence[Board]) -> Front:
    """Return the first page of the site of these boards."""
    board_of = {id(entry): board for board in boards for entry in board.entries}
    entries = by_date(entry for board in boards for entry in board.entries)
    places = [
        Place(board_of[id(entry)].name, entry, cell) for entry in entries for cell in cells(entry.records, entry.tuned)
    ]
    levels = [board_of[id(place.entry)].significance for place in places]
    made = matrix([place.cell for place in places], levels)
    tasks = [_task(column, places, made.significance) for column in made.columns]
    rows, left = _rows(made), _left(places, tasks)
    return Front(
        rows, tasks, len(made.models), list(_pairs(rows, tasks)), _elsewhere(left), _generalizing(left),
        _found(places), made.significance,
    )  # fmt: skip


def _rows(made: Matrix) -> list[ModelRow]:
    texts = [model.text for model in made.models]
    orders = {by: sorted(made.models, key=lambda model: (model in made.few, -made.borda[by][model].value)) for by in By}
    return [
        ModelRow(
            model,
            shown_variant(model.text) + (f" [{shown(model.distribution)}]" * (texts.count(model.text) > 1)),
            {by: made.borda[by][model] for by in By},
            {by: orders[by].index(model) for by in By},
            model not in made.few,
        )
        for model in made.models[:MOST_ROWS]
    ]


def _task(column: Column, places: Sequence[Place], significance: float) -> Task:
    figures = {}
    of_task = [places[place] for place in column.places.values()]
    able = (_decidable(ranked, of_task, significance) for ranked in column.ranked.values())
    decidable = len(of_task) == 1 or any(able)
    known = {by: sum(rank is not None for rank in ranked.ranks) for by, ranked in column.ranked.items()}
    for number, (model, place) in enumerate(zip(column.places, of_task, strict=True)):
        ranks = {by: ranked.ranks[number] for by, ranked in column.ranked.items() if decidable}
        figures[model] = Figure(place, convergence_row(place.cell), generalizing(place.cell), ranks, known)
    needed = seeds_to_decide(column.ranked[By.STEPS].pairs, significance)
    return Task(column, of_task[0].cell.budget, figures, needed, decidable)


def _decidable(ranked: Ranked, places: Sequence[Place], significance: float) -> bool:
    sizes = [len(each.cell.records) for each, rank in zip(places, ranked.ranks, strict=True) if rank is not None]
    return pairs_within_reach(sizes, significance) > 0


def _pairs(rows: Sequence[ModelRow], tasks: Sequence[Task]) -> Iterator[Pair]:
    """Yield the tests of every two of the first rows on each task that both have."""
    numbers = {row.model: number for number, row in enumerate(rows)}
    for number, task in enumerate(tasks):
        held = [figure.place.cell for figure in task.figures.values()]
        yield from pairs(number, held, [numbers.get(model) for model in task.figures], task.column.ranked)


def _left(places: Sequence[Place], tasks: Sequence[Task]) -> list[Place]:
    """Return the cells under protocols that no column shows."""
    shown_protocols = {(task.column.task, task.column.protocol) for task in tasks}
    return [each for each in places if (each.cell.task, each.cell.protocol) not in shown_protocols]


def _elsewhere(left: Sequence[Place]) -> list[tuple[str, str, int]]:
    """Return protocols and boards of cells, with their number."""
    counts = Counter((place.cell.protocol, place.board) for place in left)
    return [(*name, count) for name, count in sorted(counts.items())]


def _generalizing(left: Sequence[Place]) -> list[Generalization]:
    """Return the cells of which some seeds generalise; of alike ones on a board, that which was submitted first."""
    first: dict[tuple[str, ...], Place] = {}
    for place in left:
        cell = place.cell
        first.setdefault((cell.model, cell.task, cell.protocol, place.board), place)
    measured = [(place, found) for place in first.values() if (found := generalizing(place.cell))]
    made = [Generalization(place, found.generalizing) for place, found in measured if found.generalizing.successes]
    return sorted(made, key=lambda each: (-each.share.value, -each.share.n))


def _found(places: Sequence[Place]) -> list[Found]:
    """Return what there is to find; the seeds solved are those of the entry that was submitted first."""
    grouped: dict[tuple[str, ...], list[Place]] = {}
    for place in places:
        cell = place.cell
        grouped.setdefault((cell.model, cell.task, cell.protocol, place.board), []).append(place)
    return [
        Found(
            shown_variant(model), shown_variant(task), shown_variant(protocol), board,
            convergence_row(group[0].cell).solved.count_text, len(group),
        )
        for (model, task, protocol, board), group in sorted(grouped.items())
    ]  # fmt: skip
