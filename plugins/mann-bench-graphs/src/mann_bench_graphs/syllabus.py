"""The curriculum of Graves et al. 2016: one lesson after the other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mann_bench import Size, Syllabus, require_positive


class Lessons(Syllabus):
    """One lesson at a time, now and then an earlier one (Graves et al. 2016, https://doi.org/10.1038/nature20101).

    Every training size of a task is a lesson, in the order in which the task lists them; those of `graph_traversal` and
    `graph_inference` are the 14 and the 17 of the paper. The next lesson begins at an evaluation that measures an error
    below `progress` at the current one. Both tasks have converged where less than 10 % of the answers are wrong, so
    that a `progress` of 1 is the paper's rule: 90 % right. The lesson is the curriculum point of the record.

    Where the paper differs: it looks every 100 batches, which is the protocol's ``evaluate_every=100`` here, and
    measures on training examples, where we have validation sequences. It mixes earlier lessons in by the example, and
    we by the batch.

    Args:
        sizes: as of `Syllabus`.
        progress: the next lesson begins where the validation error is below this multiple of the task's threshold of
            convergence, above 0.
        earlier: probability of an earlier lesson, all of them equally likely, from 0 to 1; the paper has 0.1.
    """

    def __init__(self, sizes: Sequence[Size], *, progress: float = 1.0, earlier: float = 0.1) -> None:
        super().__init__(sizes)
        require_positive(progress=progress)
        if not (progress < float("inf") and 0 <= earlier <= 1):
            raise ValueError(f"progress must be finite and earlier from 0 to 1, not {progress} and {earlier}")
        self.progress, self.earlier = progress, earlier
        self.lesson = 0

    def point(self) -> Size:
        """Return the current lesson."""
        return self.sizes[self.lesson]

    def draw(self, rng: np.random.Generator) -> Size:
        """Return the current lesson, or one before it."""
        if self.lesson and rng.random() < self.earlier:
            return self.sizes[int(rng.integers(self.lesson))]
        return self.point()

    def evaluated(self, error: float) -> None:
        """Go on to the next lesson where the current one is learned."""
        if error < self.progress:
            self.lesson = min(self.lesson + 1, len(self.sizes) - 1)

    def state(self) -> dict[str, Any]:
        """Return the lesson."""
        return {"lesson": self.lesson}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the lesson."""
        self.lesson = state["lesson"]
