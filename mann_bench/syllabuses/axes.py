"""The training sizes of a task as a grid that a syllabus can walk through."""

import itertools
import math
from collections.abc import Sequence
from typing import Literal

from mann_bench.core.sizes import Size

Point = tuple[int, ...]
"""A place on the grid: an index into each axis."""

Growth = Literal["double", "next"]


class Axes:
    """Training sizes, by an axis for each of their numbers, such as length and repeats.

    Sizes that are not all combinations of their numbers lie on one axis, in rising order.

    Attributes:
        numbers: what stands at each index of each axis, in rising order.
    """

    def __init__(self, sizes: Sequence[Size]) -> None:
        ordered = sorted({tuple(size.items()): size for size in sizes}.values(), key=lambda size: tuple(size.values()))
        numbers = [sorted({size[name] for size in ordered}) for name in ordered[0]]
        if math.prod(map(len, numbers)) != len(ordered):
            numbers = [list(range(1, len(ordered) + 1))]
        self.numbers = numbers
        places = itertools.product(*(range(len(axis)) for axis in numbers))
        self._sizes: dict[Point, Size] = dict(zip(places, ordered, strict=True))

    @property
    def least(self) -> Point:
        """Where the least size lies."""
        return tuple(0 for _ in self.numbers)

    @property
    def greatest(self) -> Point:
        """Where the greatest size lies."""
        return tuple(len(axis) - 1 for axis in self.numbers)

    def size(self, at: Point) -> Size:
        """Return the size at a place."""
        return self._sizes[at]

    def grown(self, at: Point, growth: Growth) -> Point:
        """Return the place one step further: along the axis whose number is least, the later one where two are alike.

        Args:
            at: where to start. The greatest size stays where it is.
            growth: ``double`` goes to the greatest number that is at most twice as large, ``next`` to the next one.
        """
        free = [axis for axis in range(len(at)) if at[axis] < self.greatest[axis]]
        if not free:
            return at
        grows = min(free, key=lambda axis: (self.numbers[axis][at[axis]], -axis))
        numbers, index = self.numbers[grows], at[grows] + 1
        if growth == "double":
            index = max(index, sum(number <= 2 * numbers[at[grows]] for number in numbers) - 1)
        return (*at[:grows], index, *at[grows + 1 :])
