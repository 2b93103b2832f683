"""How many seeds a decision needs, by simulation: seeds drawn with replacement from those at hand, censored ones too.

Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 25 (power).
"""

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mann_bench.statistics.permutation import log_rank_test
from mann_bench.statistics.survival import Durations

POWER = 0.8
"""How often so many seeds must decide."""

SAMPLES = 200
"""Simulated samples of each size."""

SEED = 0

MOST = 160
"""The most seeds of a cell that are tried."""

_MOST_EXACT = 10

Counts = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def draws() -> list[np.random.Generator]:
    """Return the random generator of each simulated sample, the same ones each time."""
    return [np.random.default_rng([SEED, number]) for number in range(SAMPLES)]


def seeds_needed(decides: Callable[[int], float], least: int = 1) -> int | None:
    """Return the least number of seeds that decide with `POWER`, found by halving; None where it is above `MOST`.

    Arguments:
        decides: the share of simulated samples of so many seeds that decide; it rises with their number.
        least: seeds below which nothing is decided.
    """
    low, high = least, MOST
    if low > high or decides(high) < POWER:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) >= POWER else (middle + 1, high)
    return low


def log_rank_power(samples: Sequence[tuple[Durations, Durations]], n: int, significance: float) -> float:
    """Return how often the log-rank test tells n seeds of each of two samples apart, over all strata.

    Up to 10 seeds a side of one stratum, it is the exact test; beyond, the normal approximation of its distribution
    over all splits.

    Arguments:
        samples: both samples of each stratum.
        n: seeds that are drawn of each.
        significance: the level of the test.
    """
    rng = np.random.default_rng(SEED)
    drawn = [
        [rng.multinomial(n, np.full(len(s.times), 1 / len(s.times)), size=SAMPLES) for s in pair] for pair in samples
    ]
    if len(samples) == 1 and n <= _MOST_EXACT:
        (first, second), (one, other) = samples[0], drawn[0]
        return float(_told_apart(first, second, one, other, significance).mean())
    parts = [_statistics(*pair, *counts) for pair, counts in zip(samples, drawn, strict=True)]
    statistic, variance = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
    told_apart = (variance > 0) & (np.abs(statistic) >= _quantile(significance) * np.sqrt(variance))
    return float(told_apart.mean())


def _told_apart(first: Durations, second: Durations, one: Counts, other: Counts, significance: float) -> Booleans:
    """Return of each sample, given by how often it holds each seed, whether the exact test tells it apart. [SAMPLES]"""
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    p_values = [log_rank_test(_repeated(first, ours), _repeated(second, theirs)).p_value for ours, theirs in pairs]
    return np.array(p_values) <= significance


def _repeated(durations: Durations, counts: list[int]) -> Durations:
    seeds = [seed for seed, count in enumerate(counts) for _ in range(count)]
    times, reached = durations.times, durations.reached
    return Durations(tuple(times[seed] for seed in seeds), tuple(reached[seed] for seed in seeds), durations.horizon)


class _Statistics(NamedTuple):
    """The log-rank statistic of each simulated sample, and its variance over all splits. [SAMPLES]"""

    statistic: NDArray[np.float64]
    variance: NDArray[np.float64]


def _statistics(first: Durations, second: Durations, one: Counts, other: Counts) -> _Statistics:
    """Return the statistics of samples, given by how often each holds each seed."""
    times, reached = np.array([*first.times, *second.times]), np.array([*first.reached, *second.reached])
    counts = np.concatenate([one, other], axis=1)
    runs, ours = counts[0].sum(), one[0].sum()
    distinct = np.unique(times[reached])
    at_risk = counts @ (times[:, None] >= distinct).astype(np.int64)
    events = counts @ ((times[:, None] == distinct) & reached[:, None]).astype(np.int64)
    hazard = np.cumsum(events / np.maximum(at_risk, 1), axis=1)
    expected = np.concatenate([np.zeros((len(counts), 1)), hazard], axis=1)
    scores = expected[:, np.searchsorted(distinct, times, side="right")] - reached
    statistic = (scores[:, : one.shape[1]] * one).sum(axis=1)
    variance = ours * (runs - ours) / runs / (runs - 1) * (scores**2 * counts).sum(axis=1)
    return _Statistics(statistic, variance)


def _quantile(significance: float) -> float:
    return NormalDist().inv_cdf(1 - significance / 2)
