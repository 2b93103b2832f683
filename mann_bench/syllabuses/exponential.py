"""The exponential curriculum.

Rae et al. 2016, "Scaling Memory-Augmented Neural Networks with Sparse Reads and Writes",
https://arxiv.org/abs/1610.09027.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mann_bench.core.sizes import Size
from mann_bench.syllabuses.axes import Axes, Point
from mann_bench.syllabuses.base import Syllabus, TrainedBatch


class Exponential(Syllabus):
    """Every size up to a level, which doubles each time that the training loss has been low for a while.

    The paper states neither the threshold nor how long the loss has to stay below it; the defaults are ours.

    Args:
        sizes: as of `Syllabus`.
        below: the level doubles where the mean training loss is below this share of the loss by chance, above 0.
        batches: training batches over which that mean is taken, all since the level last changed, 1 or more.
    """

    needs_trained = True

    def __init__(self, sizes: Sequence[Size], *, below: float = 0.01, batches: int = 100) -> None:
        super().__init__(sizes)
        if not below > 0 or batches < 1:
            raise ValueError(f"below must be above 0 and batches at least 1, not {below} and {batches}")
        self.below, self.batches = below, batches
        self.axes = Axes(self.sizes)
        self.level: Point = self.axes.least
        self._losses: list[float] = []

    def point(self) -> Size:
        """Return the level."""
        return self.axes.size(self.level)

    def draw(self, rng: np.random.Generator) -> Size:
        """Return a size up to the level, each as likely as every other."""
        return self.axes.size(tuple(int(rng.integers(index + 1)) for index in self.level))

    def trained(self, batch: TrainedBatch, rng: np.random.Generator) -> None:
        """Double the level where the last batches were easy."""
        self._losses = [*self._losses, batch.loss][-self.batches :]
        if len(self._losses) == self.batches and math.fsum(self._losses) < self.below * self.batches:
            self.level, self._losses = self.axes.grown(self.level, "double"), []

    def state(self) -> dict[str, Any]:
        """Return the level and the losses since it changed."""
        return {"level": list(self.level), "losses": list(self._losses)}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the level and the losses."""
        self.level, self._losses = tuple(state["level"]), list(state["losses"])
