"""Intervals of proportions: of the seeds that solved a task, how many would."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from mann_bench.statistics.interval import LEVEL, Interval

METHOD = "Clopper-Pearson"


@lru_cache(maxsize=4096)  # a table has the same few shares again and again
def clopper_pearson(successes: int, n: int, level: float = LEVEL) -> Interval:
    """Return the exact interval of a proportion: whatever the proportion is, it covers it with `level` or more.

    Its lower bound is the proportion at which so many successes or more have the probability (1 - level) / 2, its
    upper one that at which so many or fewer have it.

    Arguments:
        successes: how many seeds succeeded, from 0 to n.
        n: how many seeds there are, at least 1.
        level: confidence, in (0, 1).

    Raises ValueError where an argument is out of its range.

    Source: Clopper & Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    https://doi.org/10.1093/biomet/26.4.404
    """
    if n < 1:
        raise ValueError(f"a proportion needs at least one seed, not {n}")
    if not 0 <= successes <= n:
        raise ValueError(f"successes must be from 0 to {n}, the number of seeds, not {successes}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, as 0.95 does, not {level}")
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else 1 - _most(n - successes, n, tail)
    high = 1.0 if successes == n else _most(successes, n, tail)
    return Interval(low, high, METHOD, level, n)


def _most(successes: int, n: int, tail: float) -> float:
    """Return the proportion at which so many successes of n or fewer have the probability `tail`."""
    # By their logarithms: of a thousand seeds, the number of ways alone is too large for a number.
    ways = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(successes + 1)]
    return _root(lambda share: _at_most(ways, n, share) - tail)


def _at_most(ways: Sequence[float], n: int, share: float) -> float:
    """Return the probability of no more successes than there are `ways` of, the logarithm of each."""
    each, none = math.log(share), math.log1p(-share)
    return math.fsum(math.exp(way + k * each + (n - k) * none) for k, way in enumerate(ways))


def _root(falling: Callable[[float], float]) -> float:
    """Return where a falling function of [0, 1] crosses 0, to a billionth: with that, all processors print the same."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return round((low + high) / 2, 9)
