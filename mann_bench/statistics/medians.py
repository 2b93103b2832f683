"""Medians over seeds with exact intervals: order statistics, whose level follows from the number of seeds alone.

Nothing is assumed of how the values are spread, and they may be infinite: all runs have the same budget, so a run that
is censored lies beyond every other. Where no two values agree, the interval covers the median with its very level;
where some do, with more.

Source: Thompson 1936, "On confidence ranges for the median and other expectation distributions for populations of
unknown distribution form", https://doi.org/10.1214/aoms/1177732502
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mann_bench.statistics.interval import LEVEL, Estimate, Interval
from mann_bench.statistics.survival import Durations, median, ordered_times

METHOD = "order statistics over seeds"

Floats = NDArray[np.float64]


class Bounds(NamedTuple):
    """Which order statistics bound a median.

    Attributes:
        outer: how many values lie below the lower bound, and as many above the upper one.
        level: the probability that the two cover the median.
    """

    outer: int
    level: float


@lru_cache(maxsize=256)
def median_bounds(n: int, level: float = LEVEL) -> Bounds:
    """Return the narrowest bounds of n values that cover their median with `level` or more, else the widest.

    The median lies below the k-th of n values with the probability of fewer than k heads in n throws of a coin.
    """
    outer, missed, tail = 0, 1, 1  # of 2^n equally likely orders: those missed on one side, and with one value more
    for number in range(1, (n + 1) // 2):
        tail += math.comb(n, number)
        if 1 - 2 * tail / 2**n < level:
            break
        outer, missed = number, tail
    return Bounds(outer, 1 - 2 * missed / 2**n)


def median_estimate(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """Return the median over seeds; of an even sample the mean of the two middle values.

    Arguments:
        values: a seed each, in any unit; inf is worse than every other.
        level: the least level of the interval; with too few seeds the interval says what level it has.

    Raises ValueError where there are no values, or one is NaN or -inf.
    """
    return curve_estimates([[value] for value in values], level)[0]


def curve_estimates(values: Sequence[Sequence[float]] | Floats, level: float = LEVEL) -> list[Estimate]:
    """Return the median over seeds at each size.

    Arguments:
        values: as of `median_estimate`, a row a seed. [seeds, sizes]
        level: as of `median_estimate`, at each size for itself.

    Raises ValueError where there are no values, or one is NaN or -inf.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"a median needs at least one seed and one size, [seeds, sizes], not shape {table.shape}")
    if not (table > -np.inf).all():
        raise ValueError("a median needs numbers, not NaN or -inf; write what is worse than every other as inf")
    table = np.sort(table, axis=0) + 0.0  # there is one 0: -0.0 would sort where it likes
    n = len(table)
    # Halved first: the sum of the two might be too large for a number.
    middles = table[(n - 1) // 2] / 2 + table[n // 2] / 2
    return [Estimate(float(middle), _interval(column, level)) for middle, column in zip(middles, table.T, strict=True)]


def survival_median(durations: Durations, level: float = LEVEL) -> Estimate:
    """Return the median time until an event, inf where it lies beyond the horizon; of two middle times the lower.

    A run that was watched for a shorter time than the horizon, without the event, is censored there in the median; to
    the interval it lies beyond the horizon. The interval always holds the median.
    """
    value, interval = median(durations), _interval(ordered_times(durations), level)
    # Where many were watched for a shorter time, the median may lie below the bound.
    return Estimate(value, interval and interval._replace(low=min(interval.low, value)))


def _interval(ordered: Floats, level: float) -> Interval | None:
    n = len(ordered)
    if n == 1:
        return None
    bounds = median_bounds(n, level)
    low, high = ordered[bounds.outer], ordered[n - 1 - bounds.outer]
    return Interval(float(low), float(high), METHOD, bounds.level, n)
