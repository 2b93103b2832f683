"""Exact tests of two samples that share nothing: how often chance alone would split their runs as clearly.

Had the name of its variant no effect on a run, every split of all runs into two groups of these sizes would be equally
likely. Each test gives every run a score and compares the sum of the first group with those of all other splits. No
split is drawn by chance: however many there are, all are counted.

Sources: of log-rank scores Peto & Peto 1972, "Asymptotically efficient rank invariant test procedures",
https://doi.org/10.2307/2344317; of rank sums Wilcoxon 1945, "Individual comparisons by ranking methods",
https://doi.org/10.2307/3001968; of shares Fisher 1935, "The logic of inductive inference",
https://doi.org/10.2307/2342435; of the counts Pagano & Tritchler 1983, "On obtaining permutation distributions in
polynomial time", https://doi.org/10.1080/01621459.1983.10477990
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mann_bench.statistics.splits import Scores, centred, clearest, counted_share, listable, listed_share, strata_share
from mann_bench.statistics.survival import Durations

_UNIT = 2.0**-30
"""Log-rank scores are whole multiples of this, so that sums are exact and the same on every processor."""

_LEVELS = 13
"""Scores of many runs are rounded so that all together they are below 2 to this power: such sums can be counted."""


class Comparison(NamedTuple):
    """The outcome of a test of two samples.

    Attributes:
        lead: below 0 where the first sample tends to the lesser scores, above 0 where the second does; 0 where neither.
        p_value: how often chance alone would split the runs as clearly, to either side, in (0, 1].
        least_p_value: the least p-value that any split of these very runs has.
        n: runs of the first and of the second sample.
        method: which test it was, in words.
    """

    lead: int
    p_value: float
    least_p_value: float
    n: tuple[int, int]
    method: str

    def words(self) -> str:
        """Return how it was made: ``exact log-rank permutation test, n = 10 and 10, least p 1.1e-05``."""
        first, second = self.n
        return f"{self.method}, n = {first} and {second}, least p {self.least_p_value:.2g}"


def log_rank_test(first: Durations, second: Durations) -> Comparison:
    """Test whether two samples of times, censored or not, come from the same distribution, two-sided.

    A run's score is the number of events that the Nelson-Aalen estimate of all runs expects of it up to its time, less
    the one that was seen, if it was: the sum over a sample is the numerator of the log-rank statistic.
    """
    scores = _log_rank_units(first, second)
    # Sums of rounded scores that are equal without may differ by a unit a run.
    return _tested(scores, len(first.times), "log-rank permutation test", slack=len(scores))


def stratified_log_rank_test(strata: Sequence[tuple[Durations, Durations]]) -> Comparison:
    """Test whether one of two samples is the faster over all strata, such as tasks, two-sided: `log_rank_test` of one.

    The scores are those of each stratum by itself; chance exchanges runs within a stratum alone, and the sums of all
    strata are added. So a stratum in which one sample leads counts for it, and one in which the other does, against.

    Raises ValueError where there are no strata.

    Source: Mantel 1966, "Evaluation of survival data and two new rank order statistics arising in its consideration",
    https://pubmed.ncbi.nlm.nih.gov/5910392/
    """
    if not strata:
        raise ValueError("a test needs at least one stratum")
    if len(strata) == 1:
        return log_rank_test(*strata[0])
    scores = [_log_rank_units(first, second) for first, second in strata]
    scores = [each - each.min() for each in scores]
    digits = _surplus_digits(sum(int(each.sum()) for each in scores))
    scores = [_shortened(each, digits) for each in scores]
    samples = [len(first.times) for first, _ in strata]
    n = sum(samples), sum(len(second.times) for _, second in strata)
    lead, p_value, least = strata_share(scores, samples)
    rounded = ", scores rounded" if digits else ""
    return Comparison(lead, p_value, least, n, f"exact log-rank permutation test, {len(strata)} strata{rounded}")


def rank_sum_test(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Test whether two samples of values, inf among them, come from the same distribution, two-sided.

    Raises ValueError where a value is NaN, or a sample is empty.
    """
    values = np.array([*first, *second], dtype=np.float64)
    if np.isnan(values).any() or not len(first) or not len(second):
        raise ValueError("a rank sum needs a number in each sample, and no NaN; write what is worst as inf")
    twice = np.rint(2 * mid_ranks(values)).astype(np.int64)
    return _tested(twice, len(first), "rank-sum permutation test")


@lru_cache(maxsize=4096)
def share_test(first: tuple[int, int], second: tuple[int, int]) -> Comparison:
    """Test whether two samples have the same share of successes, two-sided; the first leads where it has the greater.

    It is Fisher's exact test, in which a table is as clear as the shares lie far from those of both samples together.

    Arguments:
        first, second: successes and runs of each sample.

    Raises ValueError where a sample is empty, or has more successes than runs.
    """
    for successes, n in (first, second):
        if not 0 <= successes <= n or n < 1:
            raise ValueError(f"a share needs at least one run, and successes from 0 to n, not {successes} of {n}")
    failures = [[0] * successes + [1] * (n - successes) for successes, n in (first, second)]
    return _tested(np.array(failures[0] + failures[1], dtype=np.int64), first[1], "permutation test of shares")


def log_rank_scores(times: NDArray[np.float64], reached: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the log-rank score of each run, late ones above 0; what is censored at a time is at risk there. [n]"""
    distinct, events = np.unique(times[reached], return_counts=True)
    ordered = np.sort(times)
    at_risk = len(times) - np.searchsorted(ordered, distinct)
    expected = np.array([0.0, *np.cumsum(events / at_risk)])
    return np.asarray(expected[np.searchsorted(distinct, times, side="right")] - reached)


def _log_rank_units(first: Durations, second: Durations) -> Scores:
    """Return the log-rank scores of all runs in whole units, those of the first sample first."""
    times = np.array([*first.times, *second.times], dtype=np.float64)
    reached = np.array([*first.reached, *second.reached])
    return np.asarray(np.rint(log_rank_scores(times, reached) / _UNIT).astype(np.int64))


def mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each value, from 1; equal ones share the mean of theirs. [n]"""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((below + up_to + 1) / 2)


def _tested(scores: Scores, n: int, method: str, slack: int = 0) -> Comparison:
    """Return the test of the first n scores against the others; sums that differ by up to `slack` count as equal."""
    runs, lead = len(scores), int(centred(scores)[:n].sum())
    sizes = (n, runs - n)
    fewer = min(sizes)  # the sums of the two samples are each other's negative: either tells the other's
    listed = listable(runs, fewer)
    if not listed:
        scores, rounded = _rounded(scores)
        method, slack = f"{method}{', scores rounded' if rounded else ''}", 0
    distances, slack = centred(scores), slack * runs
    ordered, observed = np.sort(distances), abs(int(distances[:n].sum())) - slack
    least = clearest(ordered, fewer, slack) / math.comb(runs, fewer)
    share = listed_share(ordered, fewer, observed) if listed else counted_share(np.sort(scores), fewer, observed)
    return Comparison(lead, min(1.0, max(least, share)), least, sizes, f"exact {method}")


class _Rounded(NamedTuple):
    """Scores from 0 on, and whether any had to be rounded."""

    scores: Scores
    rounded: bool


def _rounded(scores: Scores) -> _Rounded:
    """Return scores whose sums can be counted. Equal ones stay equal, whatever the split: the test of them is exact."""
    scores = scores - scores.min()
    digits = _surplus_digits(int(scores.sum()))
    return _Rounded(_shortened(scores, digits), digits > 0)


def _surplus_digits(total: int) -> int:
    """Return how many binary digits of scores to drop, so that they can be counted."""
    return max(0, total.bit_length() - _LEVELS)


def _shortened(scores: Scores, digits: int) -> Scores:
    return np.asarray((scores + ((1 << digits) >> 1)) >> digits)
