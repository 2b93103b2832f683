"""Intervals of proportions: of the seeds that solved a task, how many would."""

import math
from statistics import NormalDist

from mann_bench.statistics.interval import Interval


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """Return the Wilson score interval of a proportion; unlike the bootstrap's, it keeps its width at 0 and at 1.

    Arguments:
        successes: how many seeds succeeded, from 0 to n.
        n: how many seeds there are, at least 1.
        level: confidence, in (0, 1).

    Raises ValueError where an argument is out of its range.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", without
    continuity correction, https://doi.org/10.1080/01621459.1927.10502953
    """
    if n < 1:
        raise ValueError(f"a proportion needs at least one seed, not {n}")
    if not 0 <= successes <= n:
        raise ValueError(f"successes must be from 0 to {n}, the number of seeds, not {successes}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, as 0.95 does, not {level}")
    square = NormalDist().inv_cdf((1 - level) / 2) ** 2 / n
    low, high = _low(successes / n, square), 1 - _low((n - successes) / n, square)
    return Interval(low, high, "Wilson score", level, n, resamples=None, seed=None)


def _low(proportion: float, square: float) -> float:
    """Return the lower bound, which is 0 precisely at a proportion of 0; `square` is z^2/n."""
    half = math.sqrt(square * (proportion * (1 - proportion) + square / 4))
    return (proportion + square / 2 - half) / (1 + square)
