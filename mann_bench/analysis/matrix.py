"""Models against tasks over several studies: the cells that may stand beside each other, and their ranks."""

from collections.abc import Sequence, Set
from typing import NamedTuple

import numpy as np

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.comparable import Choice, Model, choices
from mann_bench.analysis.ranking import By, Ranked, rankings
from mann_bench.statistics.borda import Borda, Standing, borda
from mann_bench.statistics.interval import SIGNIFICANCE
from mann_bench.statistics.permutation import mid_ranks


class Column(NamedTuple):
    """A task: its cells by model, and every ranking of them.

    Attributes:
        task, protocol: of all its cells.
        places: of each model, the number of its cell among those that were given, in the order of the rankings.
        ranked: at the level for one task.
    """

    task: str
    protocol: str
    places: dict[Model, int]
    ranked: dict[By, Ranked]


class Matrix(NamedTuple):
    """Models against tasks.

    Attributes:
        columns: the tasks.
        models: every model that has a cell of one of them: those that ran at least half of the tasks, from the most
            Borda points by steps down, then the others.
        few: those that ran fewer than half of the tasks. Their points say little: most count as the middle.
        borda: the points of each model by each ranking. Their ranks hold for all tasks together.
        significance: the level at which each task is ranked.
    """

    columns: list[Column]
    models: list[Model]
    few: Set[Model]
    borda: dict[By, dict[Model, Borda]]
    significance: float


def matrix(cells: Sequence[Cell], significances: Sequence[float]) -> Matrix:
    """Return the matrix of cells of any studies, chosen as of `mann_bench.analysis.comparable.choices`.

    Args:
        cells: of all entries, in the order in which these were submitted.
        significances: the level at which the study of each ranks. Tasks are ranked at the least of those shown, and
            Borda points are of ranks that hold at this level for all tasks together.
    """
    chosen = choices(cells)
    level = min((significances[place] for choice in chosen for place in choice.places.values()), default=SIGNIFICANCE)
    models = sorted({model for choice in chosen for model in choice.places})
    together = [_ranked(cells, choice, level / len(chosen)) for choice in chosen]
    points = {by: {model: _borda(model, chosen, together, by) for model in models} for by in By}
    columns = [Column(*choice, _ranked(cells, choice, level)) for choice in chosen]
    few = {model for model in models if _ran(model, chosen) * 2 < len(chosen)}
    models.sort(key=lambda model: (model in few, *(-points[by][model].value for by in (By.STEPS, By.SOLVED)), model))
    return Matrix(columns, models, few, points, level)


def _ran(model: Model, chosen: Sequence[Choice]) -> int:
    return sum(model in choice.places for choice in chosen)


def _ranked(cells: Sequence[Cell], choice: Choice, significance: float) -> dict[By, Ranked]:
    of_task = [cells[place] for place in choice.places.values()]
    return {ranked.by: ranked for ranked in rankings(of_task, significance=significance)}


def _borda(model: Model, chosen: Sequence[Choice], ranked: Sequence[dict[By, Ranked]], by: By) -> Borda:
    return borda([_standing(model, choice, of_task[by]) for choice, of_task in zip(chosen, ranked, strict=True)])


def _standing(model: Model, choice: Choice, ranked: Ranked) -> Standing | None:
    """Return where a model stands in a task; None where it has no cell of it, or one that holds no such value."""
    if model not in choice.places:
        return None
    place = list(choice.places).index(model)
    rank, value = ranked.ranks[place], ranked.values[place]
    if rank is None or value is None:
        return None
    known = [each for each in ranked.values if each is not None]
    return Standing(rank, float(mid_ranks(np.array(known))[known.index(value)]), len(known))
