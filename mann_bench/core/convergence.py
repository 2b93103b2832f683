"""When a run has converged, when it may stop, and which of its weights are the best."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mann_bench.core.specs import ConvergenceRule


@dataclass
class ConvergenceTracker:
    """Follows the evaluations of one run.

    Attributes:
        rule: the task's rule.
        first: step of the first evaluation below the threshold, the convergence step of Collier & Beel 2018.
        confirmed: step of the first evaluation below it whose next evaluation is below it too.
        best_step: step of the evaluation with the least metric of the rule (ties: loss, then the earlier).
    """

    rule: ConvergenceRule
    first: int | None = None
    confirmed: int | None = None
    best_step: int = 0
    _below_at: int | None = None
    _best: tuple[float, float] | None = None

    def add(self, step: int, scores: Mapping[str, float]) -> None:
        """Take in the scores of the evaluation at `step`; steps must rise.

        Args:
            step: training steps done.
            scores: by name, among them `loss_bits` and the metric of the rule.
        """
        below = scores[self.rule.metric] < self.rule.below
        if below and self._below_at is not None and self.confirmed is None:
            self.confirmed = self._below_at
        if below and self.first is None:
            self.first = step
        self._below_at = step if below else None
        rank = (scores[self.rule.metric], scores["loss_bits"])
        if self._best is None or rank < self._best:
            self._best, self.best_step = rank, step


def last_step(max_steps: int, grace: int, firsts: Iterable[int | None]) -> int:
    """Return the step after which a run stops, as far as is known now.

    Args:
        max_steps: of the protocol.
        grace: of the protocol; it begins when all have converged that `firsts` tells of.
        firsts: the step at which each converged, None of one that has not.
    """
    latest = 0
    for first in firsts:
        if first is None:
            return max_steps
        latest = max(latest, first)
    return min(max_steps, latest + grace)
