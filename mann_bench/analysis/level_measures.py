"""What the runs of a cell yield about the level that they reached under a syllabus with a curriculum point."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.results.climb import climb, level_of
from mann_bench.results.schema import CurveRow, Record
from mann_bench.statistics.interval import LEVEL, Interval
from mann_bench.statistics.medians import median_estimate
from mann_bench.statistics.ratio import Ratio, median_ratio
from mann_bench.statistics.survival import Durations


class Reached(NamedTuple):
    """The level that a run reached.

    Attributes:
        least: the greatest that its curriculum point stood at; 0 of a run that failed before its first evaluation,
            worse than any.
        most: what it could have reached within its budget, which is more only of a run that ended before: it had
            converged.
    """

    least: int
    most: int


Bound = Literal["least", "most"]

_MOST_WHOLE = 2**53
"""Up to here a float holds every whole number."""


class MedianLevel(NamedTuple):
    """The median level over seeds, as far as the budgets that runs left unspent let it be known.

    Attributes:
        low, high: the median; the two differ where it could have been more.
        interval: exact, over seeds; None of one seed.
    """

    low: float
    high: float
    interval: Interval | None


def has_level(cell: Cell) -> bool:
    """Tell whether a cell ran under a syllabus with a curriculum point."""
    return any(map(climb, cell.records))


def reached(record: Record) -> Reached:
    """Return the level that a run reached."""
    rises = climb(record)
    if not rises:
        return Reached(0, 0)
    ended_early = record.steps < record.protocol.integer("max_steps") and not record.outcome.broke_off
    level = rises[-1].level
    return Reached(level, max(level, greatest_level(record)) if ended_early else level)


def greatest_level(record: Record) -> int:
    """Return the level of the greatest training size; 0 of a run without a syllabus."""
    return max(map(level_of, record.syllabus.sizes), default=0) if record.syllabus else 0


def median_level(cell: Cell, confidence: float = LEVEL) -> MedianLevel:
    """Return the median level of a cell, with an interval of at least this confidence where there are enough seeds."""
    levels = [reached(record) for record in cell.records]
    least, most = (median_estimate(each, confidence) for each in zip(*levels, strict=True))
    return MedianLevel(least.value, most.value, _both(least.interval, most.interval))


def level_ratio(model: Sequence[Cell], against: Sequence[Sequence[Cell]], confidence: float = LEVEL) -> Ratio:
    """Return the mean over tasks of the median level of a model, divided by the greatest median of the others.

    A level counts as a time that is the shorter, the higher the level is; so `median_ratio` takes it, and its interval
    holds. A run that failed before its first evaluation lies beyond every other.

    Args:
        model: a task each, its cell.
        against: a task each, the cells of the others.
        confidence: the least of the interval.
    """
    low, high = _ratio(model, against, "least", "most", confidence), _ratio(model, against, "most", "least", confidence)
    return Ratio(low.low, high.high, _both(low.interval, high.interval))


def rows_at(cell: Cell, level: int) -> list[CurveRow | None]:
    """Return for each run the evaluation at which it first stood at a level or above it; None where it never did."""
    return [_row_at(record, level) for record in cell.records]


def _row_at(record: Record, level: int) -> CurveRow | None:
    step = next((rise.step for rise in climb(record) if rise.level >= level), None)
    return next((row for row in record.curve if row.step == step), None)


def _ratio(
    model: Sequence[Cell], against: Sequence[Sequence[Cell]], own: Bound, others: Bound, confidence: float
) -> Ratio:
    numerators, denominators = [], []
    for cell, row in zip(model, against, strict=True):
        samples = [_levels(cell, own), *(_levels(other, others) for other in row)]
        first, *rest = _as_times(samples)
        denominators.append(first)
        numerators.append(rest)
    return median_ratio(numerators, denominators, confidence)


def _levels(cell: Cell, which: Bound) -> list[int]:
    levels: list[int] = [getattr(reached(record), which) for record in cell.records]
    return levels


def _as_times(samples: Sequence[Sequence[int]]) -> list[Durations]:
    """Return levels as times: whole numbers where they fit, so that their ratios are those of the levels exactly."""
    known = [level for levels in samples for level in levels if level] or [1]
    unit = common if (common := math.lcm(*known)) < _MOST_WHOLE else 1
    horizon = unit / min(known)
    return [Durations.of([unit / level if level else None for level in levels], horizon) for levels in samples]


def _both(low: Interval | None, high: Interval | None) -> Interval | None:
    """Return the interval from the lower end of one to the upper end of the other."""
    return low and high and low._replace(high=high.high)
