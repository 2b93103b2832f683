"""Ratios of median times, with intervals that hold whatever the times look like.

Every median has an exact interval of its own; together they hold with the product of their levels, since samples of
different cells share no randomness. A ratio grows with its numerator and falls with its denominator, so it lies between
its values at the ends. No shape is assumed: times of runs of which some never converge come in two heaps, and methods
that assume one cover such ratios too seldom.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from mann_bench.statistics.interval import LEVEL, Interval
from mann_bench.statistics.medians import median_bounds, survival_median
from mann_bench.statistics.survival import Durations, median

METHOD = "order statistics of all medians at once"


class Ratio(NamedTuple):
    """A ratio of times, as far as censoring lets it be known.

    Attributes:
        low: the least that it can be; 0 where every denominator is censored.
        high: the most that it can be, equal to `low` where it is known; inf where a numerator is censored.
        interval: what it lies in with the level of all medians together; None where a sample is one seed.
    """

    low: float
    high: float
    interval: Interval | None


class _Range(NamedTuple):
    """The least and the greatest that a median can be."""

    low: float
    high: float


def median_ratio(
    numerators: Sequence[Sequence[Durations]], denominators: Sequence[Durations], level: float = LEVEL
) -> Ratio:
    """Return the mean over tasks of a ratio of medians, as bounds where a median is censored.

    The ratio of a task has the least median of its numerators above and the median of its denominator below;
    that of two variants is ``median_ratio([[first]], [second])``. A censored median may be anything from its
    horizon to infinity, so the ratio lies between bounds.

    Arguments:
        numerators: a task each, one sample or more.
        denominators: a task each, its sample; all times above 0.
        level: the least level of the interval; with too few seeds the interval says what level it has.

    Raises ValueError where there is no task, a task lacks a sample, or a denominator holds a time of 0.
    """
    if not denominators or len(numerators) != len(denominators) or not all(numerators):
        raise ValueError(
            "a ratio needs at least one task, each with numerators and a denominator,"
            f" not {[len(samples) for samples in numerators]} numerators and {len(denominators)} denominators"
        )
    if any(0 in durations.times for durations in denominators):
        raise ValueError("a ratio needs denominators whose times all lie above 0")
    points = _mean_ratio([list(map(_point, above)) for above in numerators], list(map(_point, denominators)))
    return Ratio(*points, _interval(numerators, denominators, level))


def _interval(
    numerators: Sequence[Sequence[Durations]], denominators: Sequence[Durations], level: float
) -> Interval | None:
    samples = [*denominators, *(durations for above in numerators for durations in above)]
    n = min(len(durations.times) for durations in samples)
    if n == 1:
        return None
    of_each = _level_of_each([len(durations.times) for durations in samples], level)

    def covered(durations: Durations) -> _Range:
        _, interval = survival_median(durations, of_each)
        assert interval is not None
        return _Range(min(interval.low, durations.horizon), interval.high)

    low, high = _mean_ratio([list(map(covered, above)) for above in numerators], list(map(covered, denominators)))
    levels = [median_bounds(len(durations.times), of_each).level for durations in samples]
    return Interval(low, high, METHOD, math.prod(levels), n)


def _level_of_each(sizes: Sequence[int], level: float) -> float:
    """Return the level that each of several medians needs, so that all hold at once with `level`.

    Samples too small for it give what they can; the others make up for them, as far as they can.
    """
    most = sorted(median_bounds(n, 1.0).level for n in sizes)
    for number, widest in enumerate(most):
        if widest ** (len(most) - number) >= level:
            return float(level ** (1 / (len(most) - number)))
        level /= widest
    return 1.0


def _point(durations: Durations) -> _Range:
    """Return all that is known of the median of a sample."""
    value = median(durations)
    return _Range(min(value, durations.horizon), value)


def _mean_ratio(numerators: Sequence[Sequence[_Range]], denominators: Sequence[_Range]) -> _Range:
    tasks = list(zip(numerators, denominators, strict=True))
    lows = [min(each.low for each in above) / below.high for above, below in tasks]
    highs = [min(each.high for each in above) / below.low for above, below in tasks]
    return _Range(math.fsum(lows) / len(tasks), math.fsum(highs) / len(tasks))
