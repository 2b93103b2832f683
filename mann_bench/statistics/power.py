"""How many seeds a decision needs, by simulation: seeds drawn with replacement from those at hand, censored ones too.

Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 25 (power).
"""

from collections.abc import Callable
from statistics import NormalDist

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


def log_rank_power(first: Durations, second: Durations, n: int, significance: float) -> float:
    """Return how often the log-rank test tells n seeds of each of two samples apart.

    Up to 10 seeds a side, it is the exact test; beyond, the normal approximation of its distribution over all splits.
    """
    rng = np.random.default_rng(SEED)
    sizes = len(first.times), len(second.times)
    one, other = (rng.multinomial(n, np.full(size, 1 / size), size=SAMPLES) for size in sizes)
    told_apart = _told_apart if n <= _MOST_EXACT else _nearly_told_apart
    return float(told_apart(first, second, one, other, significance).mean())


def _told_apart(first: Durations, second: Durations, one: Counts, other: Counts, significance: float) -> Booleans:
    """Return of each sample, given by how often it holds each seed, whether the exact test tells it apart. [SAMPLES]"""
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    p_values = [log_rank_test(_repeated(first, ours), _repeated(second, theirs)).p_value for ours, theirs in pairs]
    return np.array(p_values) <= significance


def _repeated(durations: Durations, counts: list[int]) -> Durations:
    seeds = [seed for seed, count in enumerate(counts) for _ in range(count)]
    times, reached = durations.times, durations.reached
    return Durations(tuple(times[seed] for seed in seeds), tuple(reached[seed] for seed in seeds), durations.horizon)


def _nearly_told_apart(
    first: Durations, second: Durations, one: Counts, other: Counts, significance: float
) -> Booleans:
    """Return the same as `_told_apart` by the normal approximation, of all samples at once."""
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
    return np.asarray((variance > 0) & (np.abs(statistic) >= _quantile(significance) * np.sqrt(variance)))


def _quantile(significance: float) -> float:
    return NormalDist().inv_cdf(1 - significance / 2)
