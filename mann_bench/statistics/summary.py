"""Medians over seeds, some of which never got there."""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """Least, middle and greatest of a sample; None stands for a value beyond the budget."""

    low: float | None
    median: float | None
    high: float | None


def censored_spread(values: Sequence[float | None]) -> Spread:
    """Return minimum, median and maximum, where None is a value known only to lie beyond every other.
    NaN counts as None.

    With all runs censored at the same budget the median is exact; where it falls on a censored run, it is
    None. An even sample has the mean of its two middle values, None if either is. Raises ValueError where
    `values` is empty.
    """
    if not values:
        raise ValueError("a median needs at least one value")
    ordered = sorted(math.inf if value is None or math.isnan(value) else value for value in values)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return Spread(*(value if math.isfinite(value) else None for value in (ordered[0], median, ordered[-1])))
