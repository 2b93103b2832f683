"""Syllabuses with one defect each, beside one that is sound."""

import numpy as np

from mann_bench import Syllabus


class Sound(Syllabus):
    """Draws a size anew only now and then.

    Args:
        every: batches of a size in a row.
    """

    def __init__(self, sizes, *, every: int = 4) -> None:
        super().__init__(sizes)
        self.every, self.batches, self.place = every, 0, 0

    def draw(self, rng):
        if self.batches % self.every == 0:
            self.place = int(rng.integers(len(self.sizes)))
        self.batches += 1
        return self.sizes[self.place]

    def state(self):
        return {"batches": self.batches, "place": self.place}

    def load_state(self, state):
        self.batches, self.place = state["batches"], state["place"]


class Forgetful(Sound):
    __doc__ = Sound.__doc__

    def load_state(self, state):
        self.batches = state["batches"]


class DrawsGlobally(Sound):
    __doc__ = Sound.__doc__

    def draw(self, rng):
        return self.sizes[np.random.randint(len(self.sizes))]


class DrawsBeyond(Sound):
    __doc__ = Sound.__doc__

    def draw(self, rng):
        return {name: value + 1 for name, value in super().draw(rng).items()}


class SharesState(Sound):
    __doc__ = Sound.__doc__

    def __init__(self, sizes, *, every: int = 4) -> None:
        super().__init__(sizes, every=every)
        self.seen = []

    def draw(self, rng):
        self.seen.append(1)
        return super().draw(rng)

    def state(self):
        return super().state() | {"seen": self.seen}

    def load_state(self, state):
        super().load_state(state)
        self.seen = state["seen"]


class Swallowing(Sound):
    __doc__ = Sound.__doc__

    def __init__(self, sizes, *, every: int = 4, **_: int) -> None:
        super().__init__(sizes, every=every)
