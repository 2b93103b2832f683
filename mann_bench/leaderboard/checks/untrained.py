"""Check that a run began with a model that had learned nothing."""

from collections.abc import Iterator

from mann_bench.leaderboard.checks.scores import scored_by
from mann_bench.leaderboard.faults import FaultName, Finding
from mann_bench.leaderboard.rules import TaskRules
from mann_bench.results.schema import Record

_LEAST = 0.5
"""Share of the loss by chance below which no untrained model is. One may lose far more than chance does."""


def check_untrained(record: Record, task: TaskRules) -> Iterator[Finding]:
    """Yield where the scores before training are not those of a model that has learned nothing.

    A model without trainable parameters has nothing to learn, and may be right from the start.
    """
    if not record.parameters or not record.curve or record.curve[0].step:
        return
    scores = record.curve[0].scores
    loss, chance = scores.get("loss_bits"), _chance_loss(record, task)
    if scores.get("bit_errors", scores.get("token_errors")) == 0:
        text = "nothing is wrong before training. Submit a run that starts from untrained weights."
        yield Finding(FaultName.TRAINED_BEFORE, "curve[0].scores", text)
    elif loss is not None and chance is not None and loss < _LEAST * chance:
        text = f"{loss:g} before training, and {chance:g} by chance. Submit a run that starts from untrained weights."
        yield Finding(FaultName.TRAINED_BEFORE, "curve[0].scores.loss_bits", text)


def _chance_loss(record: Record, task: TaskRules) -> float | None:
    """Return the bits that a predictor by chance loses a validation sequence; None where they cannot be told."""
    scores, stated = record.curve[0].scores, task.grid[0].chance
    scored, loss = scored_by(stated, scores), stated.get("loss_bits")
    for unit in ("bit", "token"):
        errors, rate = scores.get(f"{unit}_errors"), scores.get(f"{unit}_error_rate")
        if errors and rate and scored and loss:
            return errors / rate * loss / scored
    return None
