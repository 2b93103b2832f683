"""How long runs will take, judged by what earlier runs took on the same machine."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mann_bench.core.runs import CellName, Run
from mann_bench.execution.plan import by_cell
from mann_bench.results.outlines import Outline


class Seconds(NamedTuple):
    """How long runs take, one after the other.

    Attributes:
        seconds: that they take.
        at_most: whether that is only a bound: no run tells after how many steps they end, and they may need all.
    """

    seconds: float
    at_most: bool = False


def seconds_of_cells(runs: Iterable[Run], earlier: Iterable[Outline]) -> dict[CellName, Seconds | None]:
    """Return for each cell of `runs` the seconds that they take one after the other; None where no earlier run tells.

    A step is taken to last as long as it did in runs of the same variants, or where there are none of the same
    model and task: training and evaluation, median over runs. A run does as many steps as those of its own cell
    did, median again, or else all that its budget allows.
    """
    named: dict[tuple[str, str], list[Outline]] = {}
    for outline in earlier:
        if outline.steps:
            named.setdefault((outline.model_name, outline.task_name), []).append(outline)
    found: dict[CellName, Seconds | None] = {}
    for cell, planned in by_cell(runs).items():
        each = _seconds_of_run(planned[0], named.get((planned[0].model.name, planned[0].task.name), []))
        found[cell] = each and Seconds(each.seconds * len(planned), each.at_most)
    return found


def seconds_in_parallel(cells: Mapping[CellName, Seconds | None], workers: int) -> Seconds:
    """Return how many seconds the cells of which something is known take when `workers` share their runs."""
    known = [each for each in cells.values() if each is not None]
    return Seconds(math.fsum(each.seconds for each in known) / workers, any(each.at_most for each in known))


def _seconds_of_run(run: Run, named: Sequence[Outline]) -> Seconds | None:
    """Return how many seconds a run takes, judged by runs of the same model and task, in whatever variants."""
    same = [each for each in named if (each.model, each.task) == (run.model.text, run.task.text)]
    if not named:
        return None
    a_step = statistics.median(each.seconds / each.steps for each in same or named)
    steps = [each.steps for each in same if each.protocol == run.protocol_text]
    if steps:
        return Seconds(a_step * statistics.median(steps))
    protocol = run.protocol
    return Seconds(a_step * protocol.max_steps, at_most=protocol.grace < protocol.max_steps)
