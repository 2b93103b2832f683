"""When a run has converged, and when it may stop."""

from dataclasses import dataclass

from mann_bench.core.specs import ConvergenceRule


@dataclass
class ConvergenceTracker:
    """Follows the evaluations of one run.

    Attributes:
        rule: the task's rule.
        first: step of the first evaluation below the threshold, the convergence step of Collier & Beel 2018.
        confirmed: step of the first evaluation below it whose next evaluation is below it too.
    """

    rule: ConvergenceRule
    first: int | None = None
    confirmed: int | None = None
    _below_at: int | None = None

    def observe(self, step: int, scores: dict[str, float]) -> None:
        """Take note of the scores of the evaluation at `step`; steps must rise."""
        below = scores[self.rule.metric] < self.rule.below
        if below and self._below_at is not None and self.confirmed is None:
            self.confirmed = self._below_at
        if below and self.first is None:
            self.first = step
        self._below_at = step if below else None

    def last_step(self, max_steps: int, grace: int) -> int:
        """Return the step after which the run stops, as far as is known now."""
        return max_steps if self.first is None else min(max_steps, self.first + grace)
