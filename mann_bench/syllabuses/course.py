"""The course of a run: its syllabus at work, and what it drew."""

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

from mann_bench.core.events import CoursePoint
from mann_bench.core.sizes import Size
from mann_bench.core.streams import Stream, generator
from mann_bench.syllabuses.base import Syllabus, TrainedBatch


class Course:
    """Asks a syllabus for the size of each training batch of a run, tells it what came of it, and counts.

    Batch i of a seed gets a generator of its own, so that a draw depends on the seed, on i, and on what was measured.

    Args:
        syllabus: the rule.
        seed: of the run.
        loss_by_chance: nats a sequence that a predictor by chance loses at a size, above 0.

    Attributes:
        needs_gain: whether `trained` needs the loss after each step.
    """

    def __init__(self, syllabus: Syllabus, seed: int, loss_by_chance: Callable[[Size], float]) -> None:
        self.syllabus, self.seed, self.loss_by_chance = syllabus, seed, loss_by_chance
        self.needs_gain = syllabus.needs_gain
        self._places = {tuple(size.items()): place for place, size in enumerate(syllabus.sizes)}
        self._rewards: list[list[float]] = []
        self._drawn: list[int] = []
        self._forget()
        self._last: tuple[Size, np.random.Generator] | None = None

    def size(self, index: int) -> Size | None:
        """Return the size of training batch `index`; None where the task is to draw it."""
        rng = generator(Stream.SYLLABUS, self.seed, index)
        size = self.syllabus.draw(rng)
        if size is None:
            self._last = None
            return None
        place = self._places.get(tuple(size.items()))
        if place is None:
            raise ValueError(f"syllabus {type(self.syllabus).__name__} drew {dict(size)}, which is no training size")
        self._drawn[place] += 1
        self._last = size, rng
        return size

    def trained(self, loss: float, loss_afterwards: float | None) -> None:
        """Take in that the last batch was trained on.

        Args:
            loss: its mean loss before the step, in nats a sequence.
            loss_afterwards: that after the step; None unless `needs_gain`.
        """
        if self._last is None:
            return
        size, rng = self._last
        gain = None if loss_afterwards is None else loss - loss_afterwards
        reward = self.syllabus.trained(TrainedBatch(size, loss / self.loss_by_chance(size), gain), rng)
        if reward is not None:
            self._rewards[self._places[tuple(size.items())]].append(reward)

    def evaluated(self, step: int, error: float | None) -> CoursePoint:
        """Take in an evaluation, with the error at the curriculum point where there is one; return the course to it."""
        if error is not None:
            self.syllabus.evaluated(error)
        rewards = tuple(statistics.fmean(each) if each else None for each in self._rewards)
        point = CoursePoint(step, self.syllabus.point(), tuple(self._drawn), rewards if any(self._rewards) else ())
        self._forget()
        return point

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold of it."""
        return {"syllabus": self.syllabus.state(), "drawn": self._drawn, "rewards": self._rewards}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from the `state` of a course of the same run."""
        self.syllabus.load_state(state["syllabus"])
        self._drawn, self._rewards = list(state["drawn"]), [list(each) for each in state["rewards"]]

    def _forget(self) -> None:
        self._drawn, self._rewards = [0] * len(self.syllabus.sizes), [[] for _ in self.syllabus.sizes]
