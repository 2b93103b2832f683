"""Syllabuses that never change: every size alike, or the greatest alone."""

from collections.abc import Sequence

import numpy as np

from mann_bench.core.sizes import Size
from mann_bench.syllabuses.axes import Axes
from mann_bench.syllabuses.base import Syllabus


class Uniform(Syllabus):
    """Every training size is as likely as every other, all through training."""

    def draw(self, rng: np.random.Generator) -> Size | None:
        """Leave it to the task."""
        return None


class Target(Syllabus):
    """The greatest training size alone; Collier & Beel 2018b call it no curriculum."""

    def __init__(self, sizes: Sequence[Size]) -> None:
        super().__init__(sizes)
        axes = Axes(self.sizes)
        self.greatest = axes.size(axes.greatest)

    def draw(self, rng: np.random.Generator) -> Size:
        """Return the greatest size."""
        return self.greatest
