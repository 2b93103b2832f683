"""How long runs will take, judged by what earlier runs took on the same machine."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from mann_bench.core.runs import Run
from mann_bench.execution.plan import CellName, by_cell
from mann_bench.results.outlines import Outline


def seconds_of_cells(runs: Iterable[Run], earlier: Iterable[Outline]) -> dict[CellName, float | None]:
    """Return for each cell of `runs` the seconds that they take one after the other; None where no earlier run tells.

    A step is taken to last as long as it did in runs of the same variants, or where there are none of the same
    model and task: training and evaluation, median over runs. A run does as many steps as those of its own cell
    did, median again, or else all that its budget allows.
    """
    named: dict[tuple[str, str], list[Outline]] = {}
    for outline in earlier:
        if outline.steps:
            named.setdefault((outline.model_name, outline.task_name), []).append(outline)
    found: dict[CellName, float | None] = {}
    for cell, planned in by_cell(runs).items():
        each = _seconds_of_run(planned[0], named.get((planned[0].model.name, planned[0].task.name), []))
        found[cell] = None if each is None else each * len(planned)
    return found


def seconds_in_parallel(cells: Mapping[CellName, float | None], workers: int) -> float:
    """Return how many seconds the cells of which something is known take when `workers` share their runs."""
    return math.fsum(seconds for seconds in cells.values() if seconds is not None) / workers


def _seconds_of_run(run: Run, named: Sequence[Outline]) -> float | None:
    """Return how many seconds a run takes, judged by runs of the same model and task, in whatever variants."""
    same = [each for each in named if (each.model, each.task) == (run.model.text, run.task.text)]
    if not named:
        return None
    a_step = statistics.median(each.seconds / each.steps for each in same or named)
    steps = [each.steps for each in same if each.protocol == run.protocol_text]
    return a_step * (statistics.median(steps) if steps else run.protocol.max_steps)
