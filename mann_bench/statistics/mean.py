"""Intervals of means over sequences, of which a record keeps the mean and the spread alone."""

import math
from statistics import NormalDist

from mann_bench.statistics.interval import LEVEL, Interval

METHOD = "Student's t over sequences"


def mean_interval(mean: float, deviation: float, n: int, level: float = LEVEL) -> Interval | None:
    """Return Student's t interval of a mean; None of fewer than three values, whose spread tells next to nothing.

    Arguments:
        mean: of the values, in any unit.
        deviation: their standard deviation, with n - 1 in its denominator, at least 0.
        n: how many there are.
        level: confidence, in (0, 1).

    Source: Student 1908, "The probable error of a mean", https://doi.org/10.1093/biomet/6.1.1
    """
    if n < 3:
        return None
    half = _quantile((1 + level) / 2, n - 1) * deviation / math.sqrt(n)
    return Interval(mean - half, mean + half, METHOD, level, n)


def _quantile(probability: float, freedom: float) -> float:
    """Return a quantile of Student's distribution, by its expansion about the normal one.

    Source: Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", 26.7.5; from 2 degrees of freedom on, it
    is within 1 % at a probability of 0.975.
    """
    z = NormalDist().inv_cdf(probability)
    terms: tuple[float, ...] = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))
