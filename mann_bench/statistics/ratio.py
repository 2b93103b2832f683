"""Ratios of median times, with intervals that hold whatever the times look like.

How many of n times lie below their median is the number of heads in n throws of a coin. So these numbers, of all
samples of a task, lie in a fixed region of ranks with a probability that follows from the numbers of seeds alone; and
the ratio lies between the least and the greatest quotient of times at such ranks. The region holds ranks that are
alike. An interval of each median, with all of them at once, would be a box of ranks; its corners, where one median is
among the latest times of its sample and the other among the earliest of its own, are improbable and make the
quotients extreme.

No shape is assumed: times of runs of which some never converge come in two heaps, and methods that assume one cover
such ratios too seldom.

Source of the distribution of the ranks: Thompson 1936, as in `mann_bench.statistics.medians`.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mann_bench.statistics.interval import LEVEL, Interval
from mann_bench.statistics.survival import Durations, median, ordered_times

METHOD = "order statistics at ranks that are alike"

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


class Ratio(NamedTuple):
    """A ratio of times, as far as censoring lets it be known.

    Attributes:
        low: the least that it can be; 0 where every denominator is censored.
        high: the most that it can be, equal to `low` where it is known; inf where a numerator is censored.
        interval: what it lies in with the level of all tasks together; None where a sample is one seed.
    """

    low: float
    high: float
    interval: Interval | None


class _Range(NamedTuple):
    """The least and the greatest that a median, or a ratio of medians, can be."""

    low: float
    high: float


class _Task(NamedTuple):
    """The samples that the ratio of a task is of."""

    numerators: Sequence[Durations]
    denominator: Durations

    @property
    def sizes(self) -> tuple[int, ...]:
        """Seeds of the denominator, then of each numerator."""
        return tuple(len(durations.times) for durations in (self.denominator, *self.numerators))


class _Region(NamedTuple):
    """Where the medians of the samples of a task lie.

    Attributes:
        alike: for each numerator, whether 1, 2, ... n - 1 of its times and 1, 2, ... m - 1 of the denominator's may lie
            below their medians at once. [numerators][n - 1, m - 1]
        level: the probability that all medians lie there.
    """

    alike: Sequence[Booleans]
    level: float


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
    tasks = [_Task(*samples) for samples in zip(numerators, denominators, strict=True)]
    return Ratio(*_mean([_point(task) for task in tasks]), _interval(tasks, level))


def _interval(tasks: Sequence[_Task], level: float) -> Interval | None:
    n = min(min(task.sizes) for task in tasks)
    if n == 1:
        return None
    of_each = _level_of_each([_region(task.sizes, 1.0).level for task in tasks], level)
    regions = [_region(task.sizes, of_each) for task in tasks]
    low, high = _mean([_extremes(task, region) for task, region in zip(tasks, regions, strict=True)])
    return Interval(low, high, METHOD, math.prod(region.level for region in regions), n)


def _level_of_each(most: Sequence[float], level: float) -> float:
    """Return the level that each of several tasks needs, so that all hold at once with `level`.

    Tasks whose samples are too small for it give the `most` that they can; the others make up for them, as far as they
    can: samples of different cells share no randomness, so levels are multiplied.
    """
    ordered = sorted(most)
    for number, widest in enumerate(ordered):
        if widest ** (len(ordered) - number) >= level:
            return float(level ** (1 / (len(ordered) - number)))
        level /= widest
    return 1.0


@lru_cache(maxsize=256)
def _region(sizes: tuple[int, ...], level: float) -> _Region:
    """Return the narrowest region in which all medians lie at once with `level` or more, else the widest.

    Half of the error is left to ranks near the ends of a sample, the other half to ranks that are not alike. Ranks at
    the very ends, where nothing bounds a median, are left out.

    Arguments:
        sizes: seeds of the denominator, then of each numerator; 2 or more.
    """
    ranks = [np.arange(1, n) for n in sizes]
    from_middle = [np.abs(2 * rank - n) / math.sqrt(n) for n, rank in zip(sizes, ranks, strict=True)]
    apart = [np.abs(rank[:, None] / n - ranks[0] / sizes[0]) for n, rank in zip(sizes[1:], ranks[1:], strict=True)]

    def at(farthest: float, most_apart: float) -> _Region:
        near = [each <= farthest for each in from_middle]
        alike = [near[0] & above[:, None] & (far <= most_apart) for above, far in zip(near[1:], apart, strict=True)]
        chances = [_chances(n) for n in sizes]
        together = [chance @ mask for chance, mask in zip(chances[1:], alike, strict=True)]
        return _Region(alike, float((chances[0] * np.prod(together, axis=0)).sum()))

    farthest = _least(np.concatenate(from_middle), lambda each: at(each, math.inf).level >= (1 + level) / 2)
    most_apart = _least(np.concatenate([far.ravel() for far in apart]), lambda each: at(farthest, each).level >= level)
    return at(farthest, most_apart)


def _least(candidates: Floats, enough: Callable[[float], bool]) -> float:
    """Return the least of the candidates that is enough; the greatest where none is."""
    ordered: list[float] = np.unique(candidates).tolist()
    return ordered[min(bisect_left(ordered, True, key=enough), len(ordered) - 1)]


@lru_cache(maxsize=256)
def _chances(n: int) -> Floats:
    """Return how probable it is that 1, 2, ... n - 1 of n times lie below their median."""
    return np.array([math.comb(n, rank) / 2**n for rank in range(1, n)])


def _extremes(task: _Task, region: _Region) -> _Range:
    """Return the least and the greatest ratio of a task whose medians lie in a region."""
    early, late = _bounds(task.denominator)
    lows, highs = [], []
    for durations, alike in zip(task.numerators, region.alike, strict=True):
        first, last = alike.argmax(axis=0), alike.shape[0] - 1 - alike[::-1].argmax(axis=0)
        earliest, latest = _bounds(durations)
        lows.append(earliest[first] / late)
        highs.append(latest[last] / early)
    held = region.alike[0].any(axis=0)
    point = _point(task)
    low, high = np.min(lows, axis=0)[held].min(), np.min(highs, axis=0)[held].max()
    # Where many were watched for a shorter time than the horizon, the medians may lie outside.
    return _Range(min(float(low), point.low), max(float(high), point.high))


def _bounds(durations: Durations) -> tuple[Floats, Floats]:
    """Return between which times the median lies if 1, 2, ... n - 1 times are below it; inf is beyond the horizon."""
    ordered = ordered_times(durations)
    return np.minimum(ordered[:-1], durations.horizon), ordered[1:]


def _point(task: _Task) -> _Range:
    """Return all that is known of the ratio of a task: a censored median is the horizon or more."""
    medians = [median(durations) for durations in task.numerators]
    above = _Range(min(*medians, *(durations.horizon for durations in task.numerators)), min(medians))
    below = median(task.denominator)
    return _Range(above.low / below, above.high / min(below, task.denominator.horizon))


def _mean(ratios: Sequence[_Range]) -> _Range:
    return _Range(*(math.fsum(ends) / len(ratios) for ends in zip(*ratios, strict=True)))
