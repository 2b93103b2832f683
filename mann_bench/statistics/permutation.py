"""Exact tests of two samples that share nothing: how often chance alone would split their runs as clearly.

Had the name of its variant no effect on a run, every split of all runs into two groups of these sizes would be equally
likely. Both tests give each run a score and compare the sum of the first group with those of all other splits.

Sources: of log-rank scores Peto & Peto 1972, "Asymptotically efficient rank invariant test procedures",
https://doi.org/10.2307/2344317; of rank sums Wilcoxon 1945, "Individual comparisons by ranking methods",
https://doi.org/10.2307/3001968; of drawn splits Phipson & Smyth 2010, "Permutation p-values should never be zero",
https://doi.org/10.2202/1544-6115.1585
"""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mann_bench.statistics.survival import Durations

DRAWN = 100_000
"""Splits that are drawn where there are too many to go through."""

SEED = 0

_MOST_EXACT = 2**20
"""Choices of a half of the runs up to which all splits are counted, as those of 20 against 20 and of 3 against 300."""

_UNIT = 2.0**-30
"""Scores are whole multiples of this, so that sums are exact and the same on every processor."""

Scores = NDArray[np.int64]


class Comparison(NamedTuple):
    """The outcome of a test of two samples.

    Attributes:
        lead: below 0 where the first sample tends to the lesser values, above 0 where the second does; 0 where neither.
        p_value: how often chance alone would split the runs as clearly, to either side, in (0, 1].
        least_p_value: the least p-value that any split of these very runs has.
        n: runs of the first and of the second sample.
        method: which test it was, in words.
        drawn: number of splits drawn; None where all were counted.
    """

    lead: float
    p_value: float
    least_p_value: float
    n: tuple[int, int]
    method: str
    drawn: int | None

    def words(self) -> str:
        """Return how it was made: ``exact log-rank permutation test, n = 10 and 10, least p 1.1e-05``."""
        first, second = self.n
        drawn = "" if self.drawn is None else f", {self.drawn:,} splits drawn, seed {SEED}"
        return f"{self.method}, n = {first} and {second}, least p {self.least_p_value:.2g}{drawn}"


def log_rank_test(first: Durations, second: Durations) -> Comparison:
    """Test whether two samples of times, censored or not, come from the same distribution, two-sided.

    A run's score is the number of events that the Nelson-Aalen estimate of all runs expects of it up to its time, less
    the one that was seen, if it was: the sum over a sample is the numerator of the log-rank statistic.
    """
    times = np.array([*first.times, *second.times], dtype=np.float64)
    reached = np.array([*first.reached, *second.reached])
    return _tested(log_rank_scores(times, reached), len(first.times), "log-rank permutation test")


def rank_sum_test(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Test whether two samples of values, inf among them, come from the same distribution, two-sided.

    Raises ValueError where a value is NaN, or a sample is empty.
    """
    values = np.array([*first, *second], dtype=np.float64)
    if np.isnan(values).any() or not len(first) or not len(second):
        raise ValueError("a rank sum needs a number in each sample, and no NaN; write what is worst as inf")
    return _tested(mid_ranks(values) / len(values), len(first), "rank-sum permutation test")


def log_rank_scores(times: NDArray[np.float64], reached: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the log-rank score of each run, late ones above 0; what is censored at a time is at risk there. [n]"""
    distinct, events = np.unique(times[reached], return_counts=True)
    ordered = np.sort(times)
    at_risk = len(times) - np.searchsorted(ordered, distinct)
    expected = np.array([0.0, *np.cumsum(events / at_risk)])
    return np.asarray(expected[np.searchsorted(distinct, times, side="right")] - reached)


def mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each value, from 1; equal ones share the mean of theirs. [n]"""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((below + up_to + 1) / 2)


def _tested(scores: NDArray[np.float64], n: int, method: str) -> Comparison:
    centred = _centred(scores)
    ordered = np.sort(centred)
    observed, runs = int(centred[:n].sum()), len(scores)
    splits = math.comb(runs, n)
    least = _clearest(ordered, n) / splits
    lead, sizes = observed * _UNIT / runs / n, (n, runs - n)
    fewer = min(sizes)  # the sums of the two samples are each other's negative: either tells the other's
    if _countable(runs, fewer):
        p_value = _as_clear(ordered, fewer, abs(observed)) / splits
        return Comparison(lead, p_value, least, sizes, f"exact {method}", None)
    as_clear = int((np.abs(_drawn_sums(ordered, fewer)) >= abs(observed) - _slack(runs)).sum())
    least = max(least, 1 / (DRAWN + 1))
    p_value = max(least, (as_clear + 1) / (DRAWN + 1))  # by chance, fewer may be drawn than there are
    return Comparison(lead, p_value, least, sizes, f"Monte Carlo {method}", DRAWN)


def _countable(runs: int, n: int) -> bool:
    """Tell whether all choices of n runs can be counted; with thousands of runs the first few sizes tell."""
    choices = itertools.accumulate(math.comb(runs - runs // 2, size) for size in range(n + 1))
    return all(so_far <= _MOST_EXACT for so_far in choices)


def _clearest(ordered: Scores, n: int) -> int:
    """Return how many choices of n scores, in ascending order, have the sum that lies furthest from 0."""
    lowest, highest = ordered[:n], ordered[len(ordered) - n :]
    furthest = max(-int(lowest.sum()), int(highest.sum()))
    # Equal scores at the edge of a choice may stand for one another.
    counts = [
        math.comb(int((ordered == edge).sum()), int((chosen == edge).sum()))
        for chosen, edge in ((lowest, lowest[-1]), (highest, highest[0]))
        if abs(int(chosen.sum())) >= furthest - _slack(len(ordered))
    ]
    return min(sum(counts), math.comb(len(ordered), n))


def _centred(scores: NDArray[np.float64]) -> Scores:
    """Return n times the distance of each score from their mean, in whole units: over all runs they sum to 0."""
    whole = np.rint(scores / _UNIT).astype(np.int64)
    return np.asarray(whole * len(whole) - whole.sum())


def _slack(n: int) -> int:
    """Return by how much equal sums of n rounded scores can differ."""
    return n * n


def _as_clear(scores: Scores, n: int, observed: int) -> int:
    """Return how many choices of n scores have a sum as far from 0 as the observed one.

    The scores are halved: each choice is one of some size of the first half with one of the rest of the second, so the
    sums of halves alone are gone through, 2^(runs / 2) of them in place of 2^runs, and fewer where n is small.
    """
    least = observed - _slack(len(scores))
    if least <= 0:
        return math.comb(len(scores), n)
    found = 0
    for one, other in zip(_sums_by_size(scores[::2], n), _sums_by_size(scores[1::2], n)[::-1], strict=True):
        ours, theirs = np.sort(one), np.sort(other)  # both: what is looked up in order is found faster
        above = np.searchsorted(theirs, least - ours, side="left")
        below = np.searchsorted(theirs, -least - ours, side="right")
        found += len(ours) * len(theirs) - int(above.sum()) + int(below.sum())
    return found


def _sums_by_size(scores: Scores, most: int) -> list[Scores]:
    """Return the sums of all choices among the scores, by how many are chosen, from none to `most`."""
    sums = [np.zeros(1, dtype=np.int64), *(np.zeros(0, dtype=np.int64) for _ in range(most))]
    for number, score in enumerate(scores.tolist(), start=1):
        for size in range(min(number, most), 0, -1):
            sums[size] = np.concatenate([sums[size], sums[size - 1] + score])
    return sums


def _drawn_sums(scores: Scores, n: int) -> Scores:
    """Return the sums of n of the scores, others each time. [DRAWN]"""
    sums = np.zeros(DRAWN, dtype=np.int64)
    for score, chosen in zip(scores.tolist(), _drawn_splits(len(scores), n), strict=True):
        sums += chosen * score
    return sums


@lru_cache(maxsize=4)
def _drawn_splits(runs: int, n: int) -> NDArray[np.bool_]:
    """Return which of the runs each split puts into the first group, n of them. [runs, DRAWN]"""
    generator = np.random.default_rng(SEED)
    splits = np.zeros((DRAWN, runs), dtype=np.bool_)
    splits[:, :n] = True
    splits = np.ascontiguousarray(generator.permuted(splits, axis=1).T)
    splits.setflags(write=False)
    return splits
