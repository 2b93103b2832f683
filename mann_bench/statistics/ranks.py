"""Ranks as far as they are known: an entry's rank is an interval, from tests of all pairs.

Sources: Holm 1979, "A simple sequentially rejective multiple test procedure", https://www.jstor.org/stable/4615733;
of ranks from tests of all pairs Al Mohamad, Goeman & van Zwet 2022, "Simultaneous confidence intervals for ranks",
https://doi.org/10.1111/biom.13419
"""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mann_bench.statistics.interval import SIGNIFICANCE
from mann_bench.statistics.permutation import Comparison


@dataclass(frozen=True, order=True)
class Rank:
    """The places that an entry may have: from 1 + those that are better to all but those that are worse."""

    best: int
    worst: int

    def words(self) -> str:
        """Return ``2`` where one place is left, else ``1-3``."""
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


def holm(p_values: Sequence[float], level: float = SIGNIFICANCE) -> list[bool]:
    """Return which hypotheses are rejected, so that with probability 1 - `level` no true one is."""
    rejected = [False] * len(p_values)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for place, index in enumerate(order):
        if p_values[index] * (len(p_values) - place) > level:
            break
        rejected[index] = True
    return rejected


class Decided(NamedTuple):
    """Two entries that are told apart, given by their positions."""

    better: int
    worse: int


def decided_pairs(
    sizes: Sequence[int], test: Callable[[int, int], Comparison], level: float = SIGNIFICANCE, corrected: bool = True
) -> list[Decided]:
    """Return the pairs of entries that are told apart; lesser values are better.

    Pairs that have too few runs to be told apart, whatever their runs were, are not tested.

    Arguments:
        sizes: how many runs each entry has.
        test: of two entries, given by their positions.
        level: as of `holm`.
        corrected: whether the level holds for all pairs together, by `holm`, or for each pair alone.
    """
    decide = holm if corrected else _each
    pairs = list(itertools.combinations(range(len(sizes)), 2))
    able = decide([_least_p_value(sizes[first], sizes[second]) for first, second in pairs], level)
    tests = {pair: test(*pair) for pair, possible in zip(pairs, able, strict=True) if possible}
    told_apart = decide([tests[pair].p_value if pair in tests else 1.0 for pair in pairs], level)
    return [
        Decided(*pair) if tests[pair].lead < 0 else Decided(*pair[::-1])
        for pair, told in zip(pairs, told_apart, strict=True)
        if told
    ]


def ranks_of(entries: int, decided: Sequence[Decided]) -> list[Rank]:
    """Return the places that the decided pairs leave each of so many entries."""
    above, below = Counter(pair.worse for pair in decided), Counter(pair.better for pair in decided)
    return [Rank(1 + above[entry], entries - below[entry]) for entry in range(entries)]


def pairs_within_reach(sizes: Sequence[int], level: float = SIGNIFICANCE) -> int:
    """Return how many pairs of entries, each of so many seeds, could be the first that Holm's correction decides."""
    pairs = list(itertools.combinations(sizes, 2))
    return sum(_least_p_value(*pair) * len(pairs) <= level for pair in pairs)


def _least_p_value(first: int, second: int) -> float:
    """Return what no p-value of so many runs is below; of equally many, a split is as clear as it is turned round."""
    return (2 if first == second else 1) / math.comb(first + second, first)


def _each(p_values: Sequence[float], level: float) -> list[bool]:
    return [p <= level for p in p_values]


def seeds_to_decide(pairs: int, level: float = SIGNIFICANCE, strata: int = 1) -> int:
    """Return the least number of seeds of each entry with which Holm's correction could decide one of so many pairs.

    Each pair may be tested over several strata, such as tasks, with so many seeds in each.
    """
    return next(n for n in itertools.count(1) if pairs * 2 <= level * math.comb(2 * n, n) ** strata)
