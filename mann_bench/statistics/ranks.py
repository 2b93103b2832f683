"""Ranks in which entries that cannot be told apart share a place."""

import math
from collections.abc import Callable, Sequence


def ranks(values: Sequence[float], separated: Callable[[int, int], bool]) -> list[int]:
    """Return the rank of each entry, 1 for the least value: 1, 1, 3 where the first two share theirs.

    Going up from the least value, an entry starts a new rank where it is greater than the first entry of the
    current rank and separated from it; otherwise it shares that rank.

    Arguments:
        values: an entry each, in any unit, less is better; inf is beyond the budget.
        separated: whether a comparison separates two entries, given by their positions in `values`.

    Raises ValueError where a value is NaN.
    """
    if any(math.isnan(value) for value in values):
        raise ValueError("ranks need numbers, not NaN; write what is worse than every other as inf")
    ranked = [0] * len(values)
    first: int | None = None
    for place, entry in enumerate(sorted(range(len(values)), key=values.__getitem__), start=1):
        if first is None or (values[entry] > values[first] and separated(first, entry)):
            first = entry
            ranked[entry] = place
        else:
            ranked[entry] = ranked[first]
    return ranked
