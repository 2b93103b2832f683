"""How many splits of all runs into two groups part them as clearly as the one that was seen.

Every run has a score, a whole number, and a split is as clear as the sum of the scores of its first group lies far from
what that sum is on average. There are two ways to count the splits. Both go through the sums of two halves of the
scores alone: each choice is one of some size of the first half with one of the rest of the second. Few sums are listed
one by one, whatever the scores; where they are many, scores of a bounded total need a count a possible sum.
"""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.int64]
Counts = NDArray[np.float64]

_MOST_LISTED = 2**14
"""Choices of a half of the runs up to which their sums are listed, as of 14 against 14 and of 2 against 180."""

_RESCALED_EVERY = 256
"""Scores after which counts are divided by 2 to that power: they may double with each, and would pass every number."""


def listable(runs: int, n: int) -> bool:
    """Tell whether the sums of all choices of n runs can be listed; with thousands of runs the first few sizes tell."""
    choices = itertools.accumulate(math.comb(runs - runs // 2, size) for size in range(n + 1))
    return all(so_far <= _MOST_LISTED for so_far in choices)


def centred(scores: Scores) -> Scores:
    """Return n times the distance of each of n scores from their mean, a whole number: over all runs they sum to 0."""
    return np.asarray(scores * len(scores) - scores.sum())


def clearest(scores: Scores, n: int, slack: int) -> int:
    """Return how many choices of n centred scores, in ascending order, have the sum that lies furthest from 0.

    Arguments:
        scores: as of `centred`, sorted.
        n: how many are chosen.
        slack: by how much sums may differ that count as equal.
    """
    lowest, highest = scores[:n], scores[len(scores) - n :]
    furthest = max(-int(lowest.sum()), int(highest.sum()))
    # Equal scores at the edge of a choice may stand for one another.
    counts = [
        math.comb(int((scores == edge).sum()), int((chosen == edge).sum()))
        for chosen, edge in ((lowest, lowest[-1]), (highest, highest[0]))
        if abs(int(chosen.sum())) >= furthest - slack
    ]
    return min(sum(counts), math.comb(len(scores), n))


def listed_share(scores: Scores, n: int, least: int) -> float:
    """Return the share of all choices of n centred scores whose sum lies at least so far from 0."""
    if least <= 0:
        return 1.0
    found = 0
    for one, other in zip(_sums_by_size(scores[::2], n), _sums_by_size(scores[1::2], n)[::-1], strict=True):
        ours, theirs = np.sort(one), np.sort(other)  # both: what is looked up in order is found faster
        above = np.searchsorted(theirs, least - ours, side="left")
        below = np.searchsorted(theirs, -least - ours, side="right")
        found += len(ours) * len(theirs) - int(above.sum()) + int(below.sum())
    return found / math.comb(len(scores), n)


def counted_share(scores: Scores, n: int, least: int) -> float:
    """Return the share of all choices of n scores whose centred sum lies at least so far from 0.

    Arguments:
        scores: in ascending order, from 0 on; memory and time grow with their sum.
        n: how many are chosen.
        least: in the unit of `centred`.
    """
    if least <= 0:
        return 1.0
    runs, average = len(scores), n * int(scores.sum())
    ours, theirs = (_counts_by_sum(half, n) for half in (scores[::2].tolist(), scores[1::2].tolist()))
    rest, width = theirs[::-1], theirs.shape[1]
    up_to, from_top = np.zeros((2, n + 1, width + 1))
    np.cumsum(rest, axis=1, out=up_to[:, 1:])
    np.cumsum(rest[:, ::-1], axis=1, out=from_top[:, 1:])
    sums = np.arange(ours.shape[1])
    above = np.clip(width - (-(-(average + least) // runs) - sums), 0, width)
    below = np.clip((average - least) // runs - sums + 1, 0, width)
    # Added in their order, not as a sum of numpy: the same on every processor.
    found = float(np.cumsum(ours * (from_top[:, above] + up_to[:, below]))[-1])
    rescaled = sum(len(half) // _RESCALED_EVERY for half in (scores[::2], scores[1::2]))
    return found / float(math.comb(runs, n) / 2 ** (_RESCALED_EVERY * rescaled))


class StrataShare(NamedTuple):
    """How clear the split of several strata is.

    Attributes:
        lead: below 0 where the chosen have the lesser scores, above 0 where the others do; 0 where neither.
        share: of all splits, each stratum split by itself, those whose sum lies as far from its average or farther.
        least: the share of those whose sum lies farthest.
    """

    lead: int
    share: float
    least: float


def strata_share(strata: Sequence[Scores], chosen: Sequence[int]) -> StrataShare:
    """Return how clear it is to choose the first scores of each stratum, by the sum of all that are chosen.

    Arguments:
        strata: scores from 0 on; memory and time grow with their sums.
        chosen: how many of each stratum are chosen.
    """
    shares = np.ones(1)
    for scores, n in zip(strata, chosen, strict=True):
        counts = _counts_by_sum(scores.tolist(), n)[n]
        shares = _of_sums(shares, counts / counts.sum())
    # In a unit in which the average is whole.
    unit = math.lcm(*map(len, strata))
    pairs = list(zip(strata, chosen, strict=True))
    average = sum(unit // len(scores) * n * int(scores.sum()) for scores, n in pairs)
    seen = unit * sum(int(scores[:n].sum()) for scores, n in pairs) - average
    distances = np.abs(unit * np.arange(len(shares)) - average)
    farthest = distances[shares > 0].max()
    share, least = (float(np.cumsum(shares[distances >= bound])[-1]) for bound in (abs(seen), farthest))
    return StrataShare(seen, min(1.0, share), least)


def _of_sums(first: Counts, second: Counts) -> Counts:
    """Return the shares of the sums of two whole numbers, given those of each. [sums]"""
    made = np.zeros(len(first) + len(second) - 1)
    for number in np.flatnonzero(first).tolist():  # added in their order: the same on every processor
        made[number : number + len(second)] += first[number] * second
    return made


def _sums_by_size(scores: Scores, most: int) -> list[Scores]:
    """Return the sums of all choices among the scores, by how many are chosen, from none to `most`."""
    sums = [np.zeros(1, dtype=np.int64), *(np.zeros(0, dtype=np.int64) for _ in range(most))]
    for number, score in enumerate(scores.tolist(), start=1):
        for size in range(min(number, most), 0, -1):
            sums[size] = np.concatenate([sums[size], sums[size - 1] + score])
    return sums


def _counts_by_sum(scores: Sequence[int], most: int) -> Counts:
    """Return how many choices among the scores have each sum, by how many are chosen. [most + 1, sum of all + 1]"""
    counts = np.zeros((most + 1, sum(scores) + 1))
    counts[0, 0], reached = 1.0, 0
    for number, score in enumerate(scores, start=1):
        sizes = min(number, most)
        counts[1 : sizes + 1, score : reached + score + 1] += counts[:sizes, : reached + 1]
        reached += score
        if number % _RESCALED_EVERY == 0:
            counts *= 2.0**-_RESCALED_EVERY
    return counts
