"""What is known of a quantity: a value and the interval around it."""

import math
from typing import NamedTuple

LEVEL = 0.95
"""The least level of an interval on which a verdict rests."""

SIGNIFICANCE = 0.05
"""The share of boards on which any pair may be told apart though there is nothing between the two."""


class Interval(NamedTuple):
    """A confidence interval, with all that it takes to compute it again.

    Attributes:
        low: lower bound; -inf where there is none.
        high: upper bound; inf where there is none, as of a median beyond the budget.
        method: how it was made, in words.
        level: its confidence, in (0, 1).
        n: size of the sample, in seeds unless the method says otherwise; of several samples, that of the smallest.
    """

    low: float
    high: float
    method: str
    level: float
    n: int

    def words(self) -> str:
        """Return how it was made: ``97.9 % order statistics over seeds, n = 10``."""
        return f"{level_text(self.level)} {self.method}, n = {self.n}"


class Estimate(NamedTuple):
    """A value over seeds.

    Attributes:
        value: the estimate; inf where it lies beyond the budget.
        interval: its interval; None where one seed tells nothing about the spread.
    """

    value: float
    interval: Interval | None


def level_text(level: float, decimals: int = 1) -> str:
    """Return a level as it is printed: ``87.9 %``, ``95 %``. No level below `LEVEL` is rounded up to it."""
    text = f"{100 * level:.{decimals}f}"
    if level < LEVEL <= float(text) / 100:
        text = f"{math.floor(1000 * level) / 10:.1f}"
    return f"{text.removesuffix('.0')} %"
