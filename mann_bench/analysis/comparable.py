"""Which cells of several studies may stand beside each other in one table of models and tasks.

Protocols are comparable where they differ in nothing but how long a run may train: they share a *recipe*. One recipe is
shown, that of the most cells. Budgets are never mixed within a task, for more training solves more: a task shows the
cells of one protocol. And a model has one cell of a task, that of one entry: no runs of several entries are pooled.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, TypeVar

from mann_bench.analysis.cells import Cell
from mann_bench.statistics.ranks import pairs_within_reach

RULE = (
    "Protocols are comparable where they differ in nothing but max_steps, grace and grace_after, and in max_steps only "
    "where no schedule spreads the learning rate over them. Of the recipe with "
    "the most cells, each task shows the protocol whose seeds can tell the most pairs apart, whatever came out; "
    "then that with the most models, the most seeds, the largest budget. "
    "Each cell is that of the newest version of the model, then of the most seeds, then of the entry that was "
    "submitted first."
)
"""How cells are chosen, for readers."""

_Name = TypeVar("_Name", bound=Hashable)

_HOW_LONG = {"max_steps", "grace", "grace_after"}


class Model(NamedTuple):
    """A model variant, and who brings it."""

    text: str
    distribution: str

    @classmethod
    def of(cls, cell: Cell) -> "Model":
        """Return that of a cell."""
        return cls(cell.model, cell.records[0].model.distribution)


class Choice(NamedTuple):
    """The cells of one task that stand beside each other: the place of each in what was given, by model."""

    task: str
    protocol: str
    places: dict[Model, int]


def choices(cells: Sequence[Cell]) -> list[Choice]:
    """Return what is shown of each task, by the rule that `RULE` states.

    Args:
        cells: of all entries, in the order in which these were submitted.
    """
    recipes = _grouped(range(len(cells)), lambda place: _recipe(cells[place]))
    if not recipes:
        return []
    shown = max(recipes.items(), key=lambda recipe: (len(_best(cells, recipe[1])), recipe[0]))[1]
    of_tasks = _grouped(shown, lambda place: cells[place].task)
    return [_choice(cells, task, of_tasks[task]) for task in sorted(of_tasks)]


def _choice(cells: Sequence[Cell], task: str, places: Sequence[int]) -> Choice:
    candidates = [_best(cells, of_one) for of_one in _grouped(places, lambda place: _subject(cells[place])).values()]
    chosen = max(
        candidates,
        key=lambda found: (
            pairs_within_reach([len(cells[place].records) for place in found.values()]),
            len(found),
            sum(len(cells[place].records) for place in found.values()),
            *(of(cells[next(iter(found.values()))]) for of in (_task_version, lambda cell: cell.budget, _subject)),
        ),
    )
    by_model = {Model.of(cells[place]): place for place in chosen.values()}
    return Choice(task, cells[next(iter(chosen.values()))].protocol, by_model)


def _best(cells: Sequence[Cell], places: Sequence[int]) -> dict[Hashable, int]:
    """Return one cell of each model, task and protocol."""

    def merit(place: int) -> tuple[int, int, int]:
        return cells[place].records[0].model.version, len(cells[place].records), -place

    grouped = _grouped(places, lambda place: (Model.of(cells[place]), _subject(cells[place])))
    return {name: max(group, key=merit) for name, group in grouped.items()}


def _grouped(places: Sequence[int], name: Callable[[int], _Name]) -> dict[_Name, list[int]]:
    found: dict[_Name, list[int]] = {}
    for place in places:
        found.setdefault(name(place), []).append(place)
    return found


def _recipe(cell: Cell) -> str:
    """Return what comparable protocols share, as text: it tells 1, 1.0 and true apart."""
    protocol, fields = cell.records[0].protocol, cell.protocol_fields
    spread = {"max_steps"} if fields.get("schedule", "constant") != "constant" else set[str]()
    fields = {name: value for name, value in fields.items() if name not in _HOW_LONG - spread}
    return repr((protocol.name, protocol.version, sorted(fields.items())))


def _subject(cell: Cell) -> str:
    """Return what cells that are ranked with each other share."""
    first = cell.records[0]
    task = first.task.name, first.task.version, first.task.distribution, sorted(first.task.options.items())
    fields = sorted(cell.protocol_fields.items())
    return repr((task, cell.rule, first.protocol.name, first.protocol.version, fields))


def _task_version(cell: Cell) -> int:
    return cell.records[0].task.version
