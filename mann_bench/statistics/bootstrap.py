"""Percentile bootstrap over seeds: medians, curves, times until convergence and their ratios.

Seeds are drawn as counts, all resamples at once. The samples are sorted first, so the same seeds in another
order give the same bytes. Bounds are order statistics, the outer ones: values may be infinite.

Source: Efron 1979, "Bootstrap methods: another look at the jackknife", https://doi.org/10.1214/aos/1176344552;
of censored data: Efron 1981, "Censored data and the bootstrap", https://doi.org/10.1080/01621459.1981.10477650
"""

import dataclasses
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mann_bench.statistics.interval import Estimate, Interval
from mann_bench.statistics.survival import Durations, weighted_medians

RESAMPLES = 10_000
SEED = 0
LEVEL = 0.95
METHOD = "percentile bootstrap over seeds"

Floats = NDArray[np.float64]
Counts = NDArray[np.integer[Any]]


class Ratio(NamedTuple):
    """A ratio of times, as far as censoring lets it be known.

    Attributes:
        low: the least that it can be; 0 where every denominator is censored.
        high: the most that it can be, equal to `low` where it is known; inf where a numerator is censored.
        interval: from the lower percentile of `low` to the upper of `high`; None where a sample is one seed.
    """

    low: float
    high: float
    interval: Interval | None


def resamples(generator: np.random.Generator, n: int) -> Counts:
    """Return how often each of n seeds is in the sample itself, the first row, and in each of its resamples.

    The counts are [1 + RESAMPLES, n]; every row sums to n. They lie seed by seed, in the least type that holds n,
    for whoever goes through the seeds.
    """
    drawn = generator.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    counts = np.vstack([np.ones(n, dtype=np.int64), drawn])
    return np.asfortranarray(counts, dtype=np.min_scalar_type(n))


@lru_cache(maxsize=4)
def _first_resamples(n: int) -> Counts:
    """Return the resamples of n seeds that a new generator draws: drawing them takes longer than using them."""
    counts = resamples(np.random.default_rng(SEED), n)
    counts.setflags(write=False)
    return counts


def median_estimate(values: Sequence[float]) -> Estimate:
    """Return the median over seeds.

    Arguments:
        values: a seed each, in any unit; inf is worse than every other. Of an even sample the median is the
            mean of the two middle values, inf where either is.

    Raises ValueError where there are no values, or one is NaN or -inf.
    """
    return curve_estimates([[value] for value in values])[0]


def curve_estimates(values: Floats | Sequence[Sequence[float]]) -> list[Estimate]:
    """Return the median over seeds at each size, all from the same resamples of the seeds.

    Arguments:
        values: as of `median_estimate`, a row a seed. [seeds, sizes]

    Raises ValueError where there are no values, or one is NaN or -inf.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"a median needs at least one seed and one size, [seeds, sizes], not shape {table.shape}")
    if not (table > -np.inf).all():
        raise ValueError("a median needs numbers, not NaN or -inf; write what is worse than every other as inf")
    table = table[np.lexsort(table.T[::-1])] + 0.0  # there is one 0: -0.0 would sort where it likes
    counts = _first_resamples(len(table))
    return [_estimate(_plain_medians(column, counts), len(column)) for column in table.T]


def survival_median(durations: Durations) -> Estimate:
    """Return the Kaplan-Meier median, inf where it lies beyond the horizon; seeds are drawn with their censoring."""
    counts = _first_resamples(len(durations.times))
    return _estimate(weighted_medians(durations, counts), len(durations.times))


def median_ratio(numerators: Sequence[Sequence[Durations]], denominators: Sequence[Durations]) -> Ratio:
    """Return the mean over tasks of a ratio of Kaplan-Meier medians, as bounds where a median is censored.

    The ratio of a task has the least median of its numerators above and the median of its denominator below;
    that of two variants is ``median_ratio([[first]], [second])``. A censored median may be anything from its
    horizon to infinity, so the ratio lies between bounds, here and in each resample. Each sample is resampled
    on its own: the seeds of two variants are not shared.

    Arguments:
        numerators: a task each, one sample or more.
        denominators: a task each, its sample; all times above 0.

    Raises ValueError where there is no task, a task lacks a sample, or a denominator holds a time of 0.
    """
    if not denominators or len(numerators) != len(denominators) or not all(numerators):
        raise ValueError(
            "a ratio needs at least one task, each with numerators and a denominator,"
            f" not {[len(samples) for samples in numerators]} numerators and {len(denominators)} denominators"
        )
    if any(0 in durations.times for durations in denominators):
        raise ValueError("a ratio needs denominators whose times all lie above 0")
    generator = np.random.default_rng(SEED)
    tasks = _in_fixed_order(numerators, denominators)
    low, high = np.mean([_ratio_bounds(above, below, generator) for above, below in tasks], axis=0)
    n = min(len(durations.times) for above, below in tasks for durations in [*above, below])
    return Ratio(float(low[0]), float(high[0]), _interval(low[1:], high[1:], n))


def _in_fixed_order(
    numerators: Sequence[Sequence[Durations]], denominators: Sequence[Durations]
) -> list[tuple[list[Durations], Durations]]:
    """Sort tasks, and the numerators of each, by their values, so that each sample meets the same draws."""

    def key(durations: Durations) -> tuple[Any, ...]:
        return dataclasses.astuple(durations.ordered())

    tasks = [(sorted(above, key=key), below) for above, below in zip(numerators, denominators, strict=True)]
    return sorted(tasks, key=lambda task: ([key(durations) for durations in task[0]], key(task[1])))


def _ratio_bounds(above: Sequence[Durations], below: Durations, generator: np.random.Generator) -> Floats:
    """Return the least and the greatest ratio of one task, of the sample and of each resample. [2, 1 + RESAMPLES]"""
    numerator = np.min([_median_bounds(durations, generator) for durations in above], axis=0)
    least, greatest = _median_bounds(below, generator)
    return np.asarray(numerator / [greatest, least])


def _median_bounds(durations: Durations, generator: np.random.Generator) -> Floats:
    """Return the least and the greatest that each Kaplan-Meier median can be. [2, 1 + RESAMPLES]"""
    medians = weighted_medians(durations, resamples(generator, len(durations.times)))
    return np.stack([np.minimum(medians, durations.horizon), medians])


def _plain_medians(column: Floats, counts: Counts) -> Floats:
    """Return the median of every row of `counts`, a count each value of `column`. [1 + RESAMPLES]"""
    order, n = np.argsort(column), len(column)
    up_to, low, high = (np.zeros(len(counts), dtype=counts.dtype) for _ in range(3))
    for value in order:  # a pass over all resamples at once is much faster than a cumulative sum in each
        up_to += counts[:, value]
        low += up_to <= (n - 1) // 2
        high += (before := up_to <= n // 2)
        if not before.any():
            break
    ordered = column[order]
    # Halved first: the sum of the two might be too large for a number.
    return np.asarray(ordered[low] / 2 + ordered[high] / 2)


def _estimate(medians: Floats, n: int) -> Estimate:
    of_resamples = medians[1:]
    return Estimate(float(medians[0]), _interval(of_resamples, of_resamples, n))


def _interval(lows: Floats, highs: Floats, n: int) -> Interval | None:
    """Return the interval from the lower percentile of `lows` to the upper of `highs`, a value a resample each."""
    if n == 1:
        return None
    tail, last = (1 - LEVEL) / 2, len(lows) - 1
    below, above = math.floor(tail * last), math.ceil((1 - tail) * last)
    low = np.partition(lows, (below, above))
    high = low if highs is lows else np.partition(highs, above)
    return Interval(float(low[below]), float(high[above]), METHOD, LEVEL, n, RESAMPLES, SEED)
