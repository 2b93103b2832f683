"""Learning curves: the score of a task's convergence rule against training steps, over seeds."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mann_bench.analysis.curves.groups import DrawnCell, Group, Subject, bounded, floor
from mann_bench.results.schema import Record

Array = np.ndarray[Any, np.dtype[np.float64]]


class LearningLine(NamedTuple):
    """Quartiles over all seeds of a cell at each step; as a score, inf is worse than every other."""

    label: str
    style: int
    seeds: int
    steps: tuple[int, ...]
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]


class LearningFigure(NamedTuple):
    """The learning curves of one task."""

    subject: Subject
    floor: float
    """Least score that is told apart."""
    batch_size: int | None
    """Sequences a training step; None where cells differ."""
    lines: tuple[LearningLine, ...]


def learning_figure(group: Group) -> LearningFigure | None:
    """Return the learning curves of a task, None where no run was ever evaluated.

    Every median is over all seeds: a run that ended keeps its last score to the end of the longest run of its
    cell, and one that diverged or failed counts as infinitely wrong from its end on.
    """
    made = [drawn.cell for drawn in group.cells]
    if not any(record.curve for cell in made for record in cell.records):
        return None
    sequences = max(cell.records[0].protocol.integer("validation_sequences") for cell in made)
    batch_sizes = {cell.batch_size for cell in made}
    return LearningFigure(
        group.subject,
        floor(group.subject.below, sequences),
        batch_sizes.pop() if len(batch_sizes) == 1 else None,
        tuple(map(_line, group.cells)),
    )


def quartile_line(drawn: DrawnCell, steps: Sequence[int], values: Sequence[Sequence[float] | Array]) -> LearningLine:
    """Return the quartiles of values at each step, a row a seed; inf is allowed. [seeds, steps]"""
    ordered = np.sort(np.asarray(values, np.float64), axis=0)
    low, median, high = (tuple(_quantile(ordered, q).tolist()) for q in (0.25, 0.5, 0.75))
    return LearningLine(drawn.label, drawn.style, len(ordered), tuple(steps), low, median, high)


def _line(drawn: DrawnCell) -> LearningLine:
    records = drawn.cell.records
    steps = _steps(records)
    return quartile_line(drawn, steps, [scores_at(record, steps) for record in records])


def _steps(records: Sequence[Record]) -> list[int]:
    """Return the steps at which any score changes, from where every evaluated run has one."""
    steps = {row.step for record in records for row in record.curve}
    steps |= {record.steps for record in records if record.outcome.broke_off}
    first = max((record.curve[0].step for record in records if record.curve), default=0)
    return sorted(step for step in steps if step >= first)


def scores_at(record: Record, steps: Sequence[int]) -> Array:
    """Return the last known score of a run at each step; inf where there is none, and after it broke off."""
    metric = record.convergence.metric
    known = np.array([np.inf, *(bounded(row.scores[metric]) for row in record.curve)])
    scores = known[np.searchsorted([row.step for row in record.curve], steps, side="right")]
    ended = np.array(steps) >= record.steps
    return np.where(ended, np.inf, scores) if record.outcome.broke_off else scores


def _quantile(ordered: Array, q: float) -> Array:
    """Return the quantile of each column of a sorted sample; where two values share it, their mean.

    Source: definition 2 of Hyndman & Fan 1996, https://doi.org/10.2307/2684934: its median is the usual one,
    and it takes inf.
    """
    place = q * len(ordered)
    low, high = ordered[int(np.ceil(place)) - 1], ordered[int(place)]
    return np.asarray(low / 2 + high / 2)  # the sum of the two might be too large for a number
