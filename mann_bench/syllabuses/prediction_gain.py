"""Prediction gain: a bandit draws the sizes on which the loss falls fastest.

Graves et al. 2017, "Automated Curriculum Learning for Neural Networks", https://arxiv.org/abs/1704.03003. The bandit is
Exp3.S of Auer et al. 2002, with the constants of the code of Collier & Beel 2018.
"""

import bisect
from collections.abc import Sequence
from typing import Any

import numpy as np

from mann_bench.core.sizes import Size
from mann_bench.syllabuses.base import Syllabus, TrainedBatch

_LONGEST_HISTORY = 50_000
_KEPT_ONCE_FULL = 10.0
_LOW, _HIGH = 0.2, 0.8

Weights = np.ndarray[Any, np.dtype[np.float64]]


class PredictionGain(Syllabus):
    """Sizes are drawn by how far a training step on one lets the loss of its batch fall.

    An arm of the bandit Exp3.S is a size. Its reward is the gain divided by the first number of the size, scaled so
    that it runs from -1 to 1 from the 20th to the 80th percentile of all gains so far. Each step costs a second
    forward pass.

    Args:
        sizes: as of `Syllabus`.
        rate: learning rate of the bandit, above 0; the paper's code has 0.001.
        exploration: probability of a uniform draw, above 0 to 1; the paper's code has 0.05.
    """

    needs_gain = needs_trained = True

    def __init__(self, sizes: Sequence[Size], *, rate: float = 1e-3, exploration: float = 0.05) -> None:
        super().__init__(sizes)
        if not 0 < rate < float("inf") or not 0 < exploration <= 1:
            raise ValueError(f"rate must be above 0 and exploration in (0, 1], not {rate} and {exploration}")
        self.rate, self.exploration = rate, exploration
        self.weights: Weights = np.zeros(len(self.sizes))
        self.steps = 0
        self._history: list[float] = []

    @property
    def probabilities(self) -> Weights:
        """How likely each size is to be drawn next, in the order of `sizes`."""
        softmax = np.exp(self.weights - np.logaddexp.reduce(self.weights))
        probabilities: Weights = (1 - self.exploration) * softmax / softmax.sum() + self.exploration / len(self.sizes)
        return probabilities

    def draw(self, rng: np.random.Generator) -> Size:
        """Pull an arm."""
        return self.sizes[min(int(np.searchsorted(np.cumsum(self.probabilities), rng.random())), len(self.sizes) - 1)]

    def trained(self, batch: TrainedBatch, rng: np.random.Generator) -> float:
        """Reward the arm that was pulled; return the reward, from -1 to 1."""
        if batch.gain is None:
            raise ValueError("prediction gain needs the loss after each training step")
        self.steps += 1
        reward = self._scaled(batch.gain / max(1, next(iter(batch.size.values()))), rng)
        self._update(self.sizes.index(dict(batch.size)), reward)
        return reward

    def _scaled(self, gain: float, rng: np.random.Generator) -> float:
        """Enter a gain into the history, a reservoir once it is full; return it as a reward."""
        history = self._history
        if len(history) < _LONGEST_HISTORY:
            bisect.insort(history, gain)
        elif rng.random() < _KEPT_ONCE_FULL / self.steps:
            del history[int(rng.integers(len(history)))]
            bisect.insort(history, gain)
        low, high = history[int(_LOW * len(history))], history[int(_HIGH * len(history)) - 1]
        if gain < low:
            return -1.0
        return 1.0 if gain >= high else 2 * (gain - low) / (high - low) - 1

    def _update(self, arm: int, reward: float) -> None:
        """Move the weights as Exp3.S does: each takes in a share, which falls as 1/step, of the mean of the others."""
        if len(self.sizes) == 1:
            return
        pulled = self.weights.copy()
        pulled[arm] += self.rate * reward / self.probabilities[arm]
        share, nothing = 1 / self.steps, [-np.inf]
        before = np.concatenate((nothing, np.logaddexp.accumulate(pulled)[:-1]))
        behind = np.concatenate((np.logaddexp.accumulate(pulled[::-1])[-2::-1], nothing))
        others = np.logaddexp(before, behind) - np.log(len(self.sizes) - 1)
        own = pulled + np.log1p(-share) if share < 1 else np.full_like(pulled, -np.inf)
        self.weights = np.logaddexp(own, others + np.log(share))

    def state(self) -> dict[str, Any]:
        """Return weights, steps and history."""
        return {"weights": self.weights.tolist(), "steps": self.steps, "history": list(self._history)}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take weights, steps and history."""
        self.weights, self.steps = np.array(state["weights"], dtype=np.float64), state["steps"]
        self._history = list(state["history"])
