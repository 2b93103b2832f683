"""Hand-made syllabuses with a curriculum point that moves on as the model learns.

Zaremba & Sutskever 2014, "Learning to Execute", https://arxiv.org/abs/1410.4615. The rules and their constants are
those of Collier & Beel 2018b, "An Empirical Comparison of Syllabuses for Curriculum Learning",
https://arxiv.org/abs/1809.10789, and of its code.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from mann_bench.core.sizes import Size
from mann_bench.syllabuses.axes import Axes, Growth, Point
from mann_bench.syllabuses.base import Syllabus


class PointedSyllabus(Syllabus):
    """A syllabus with a curriculum point, which starts at the least size.

    At each evaluation the point moves on where the error at the point is below `progress`: the number of the size that
    is least grows, the later one where two are alike.

    Args:
        sizes: as of `Syllabus`.
        progress: as a multiple of the threshold of convergence, above 0.
        growth: how a number of the size grows.
    """

    def __init__(self, sizes: Sequence[Size], progress: float, growth: Growth) -> None:
        super().__init__(sizes)
        if not 0 < progress < float("inf"):
            raise ValueError(f"progress must be a positive number, not {progress}")
        self.progress, self.growth = progress, growth
        self.axes = Axes(self.sizes)
        self.at: Point = self.axes.least

    def point(self) -> Size:
        """Return the size that is being learned."""
        return self.axes.size(self.at)

    def evaluated(self, error: float) -> None:
        """Move on where the size at the point is learned."""
        if error < self.progress:
            self.at = self.axes.grown(self.at, self.growth)

    def draw(self, rng: np.random.Generator) -> Size:
        """Return a size of which each number is drawn by the rule, independently of the others."""
        return self.axes.size(tuple(self.draw_index(rng, axis) for axis in range(len(self.at))))

    @abstractmethod
    def draw_index(self, rng: np.random.Generator, axis: int) -> int:
        """Return an index into an axis."""

    def state(self) -> dict[str, Any]:
        """Return the point."""
        return {"at": list(self.at)}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the point."""
        self.at = tuple(state["at"])


class Naive(PointedSyllabus):
    """The size at the curriculum point alone.

    Args:
        sizes: as of `Syllabus`.
        progress: the point moves on where the validation error at it is below this multiple of the task's threshold
            of convergence; the paper's code has 10 for copy and recall.
        growth: how the point moves on: ``double``, or to the ``next`` size, as the paper's code does for recall.
    """

    def __init__(self, sizes: Sequence[Size], *, progress: float = 10.0, growth: Growth = "double") -> None:
        super().__init__(sizes, progress, growth)

    def draw_index(self, rng: np.random.Generator, axis: int) -> int:
        """Return where the point is."""
        return self.at[axis]


class LookBack(PointedSyllabus):
    """The size at the curriculum point, now and then one of those up to it.

    Args:
        sizes: as of `Syllabus`.
        stay: probability of the point itself, from 0 to 1; the paper's code has 0.9.
        progress: as for `naive`.
        growth: as for `naive`.
    """

    def __init__(
        self, sizes: Sequence[Size], *, stay: float = 0.9, progress: float = 10.0, growth: Growth = "double"
    ) -> None:
        super().__init__(sizes, progress, growth)
        if not 0 <= stay <= 1:
            raise ValueError(f"stay must be from 0 to 1, not {stay}")
        self.stay = stay

    def draw_index(self, rng: np.random.Generator, axis: int) -> int:
        """Return where the point is, or one of the first places of the axis."""
        return self.at[axis] if rng.random() < self.stay else int(rng.integers(self.reach(axis)))

    def reach(self, axis: int) -> int:
        """Return how many places of an axis are drawn from now and then: those up to the point."""
        return self.at[axis] + 1


class LookBackAndForward(LookBack):
    """The size at the curriculum point, now and then any size.

    Args:
        sizes: as of `Syllabus`.
        stay: probability of the point itself, from 0 to 1; the paper's code has 0.8.
        progress: as for `naive`.
        growth: as for `naive`.
    """

    def __init__(
        self, sizes: Sequence[Size], *, stay: float = 0.8, progress: float = 10.0, growth: Growth = "double"
    ) -> None:
        super().__init__(sizes, stay=stay, progress=progress, growth=growth)

    def reach(self, axis: int) -> int:
        """Return how many places of an axis are drawn from now and then: all."""
        return len(self.axes.numbers[axis])
