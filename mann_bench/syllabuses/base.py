"""What every syllabus is: a rule that draws the size of each training batch, and may learn from what is measured."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mann_bench.core.sizes import Size


class TrainedBatch(NamedTuple):
    """A batch that was trained on.

    Attributes:
        size: its size.
        loss: its mean loss before the training step, as a share of the loss by chance at that size.
        gain: how many nats a sequence its mean loss fell by through the step; None unless the syllabus `needs_gain`.
    """

    size: Size
    loss: float
    gain: float | None


class Syllabus(ABC):
    """A rule by which the size of each training batch is drawn.

    Its options are the keyword-only parameters of `__init__`. The runner makes one for each run, asks it for every
    batch, and tells it what was measured. Its draws follow from the generator that it is given and from what it was
    told, and from nothing else.

    Args:
        sizes: the training sizes of the task, at least one; each has the same names in the same order.

    Attributes:
        needs_gain: whether the loss of each batch is measured a second time, after its training step.
        needs_trained: whether `trained` has to be told of every batch. A model that trains itself cannot tell.
    """

    needs_gain: ClassVar[bool] = False
    needs_trained: ClassVar[bool] = False

    def __init__(self, sizes: Sequence[Size]) -> None:
        self.sizes = [dict(size) for size in sizes]

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Size | None:
        """Return the size of the next training batch; None leaves it to the task, which draws uniformly."""

    def point(self) -> Size | None:
        """Return the size whose validation error `evaluated` is to be told; None, the default, where none is."""
        return None

    def evaluated(self, error: float) -> None:  # noqa: B027, by default there is nothing to learn
        """Take in the validation error at `point()`: the metric of convergence as a multiple of its threshold."""

    def trained(self, batch: TrainedBatch, rng: np.random.Generator) -> float | None:
        """Take in a batch that was trained on; return the reward of having drawn it, None without rewards."""
        return None

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold of it: numbers, text, lists and dictionaries."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:  # noqa: B027, by default there is none
        """Go on from the `state` of a syllabus with the same options and sizes."""
