"""Check mean scores: their range, and what must hold between those that count the same errors."""

import math
from collections.abc import Container, Iterator, Mapping

from mann_bench.leaderboard.faults import Finding
from mann_bench.leaderboard.rules import TaskRules
from mann_bench.results.problem import RecordFault

_UNITS = ("bit", "token")
"""What errors are counted in."""

_COUNTS = (*(f"{unit}_errors" for unit in _UNITS), "sequence_accuracy")
"""Scores that are whole numbers in each sequence."""

_SHARES = (*(f"{unit}_error_rate" for unit in _UNITS), "token_accuracy", "sequence_accuracy")
_NEVER_BELOW_ZERO = ("loss_bits", "bayes_bits", *_COUNTS, *_SHARES)

_INFINITE_LOSS = ("loss_bits", "regret_bits")
"""Scores that may be infinite where sequences are longer than those of training."""

_ROUNDING = 1e-5
"""Share by which means of 32-bit numbers may be off."""


def check_scores(
    place: str,
    scores: Mapping[str, float],
    sequences: int | None,
    task: TaskRules,
    finite: bool = False,
    scored: float | None = None,
) -> Iterator[Finding]:
    """Yield what is wrong with mean scores.

    Args:
        place: where they stand in the record.
        scores: by name.
        sequences: over how many they are means; None where that is not known.
        task: what scores it has.
        finite: whether the loss must be finite too.
        scored: bits or tokens of each sequence that are scored, where all have the same number and it is known.
    """
    if scores.keys() != task.scores:
        names = f"{', '.join(sorted(scores))}, but the task has {', '.join(sorted(task.scores))}"
        yield Finding(RecordFault.GRID, place, f"scores {names}.")
        return
    faulty = [finding for name, value in scores.items() for finding in _check_score(place, name, value, finite)]
    yield from faulty
    if not faulty:
        if sequences is not None:
            yield from _check_counts(place, scores, sequences)
        for unit in _UNITS:
            yield from _check_agreement(place, scores, unit, scored)
            yield from _check_loss(place, scores, f"{unit}_errors")


def scored_by(chance: Mapping[str, float], scores: Container[str]) -> float | None:
    """Return how many bits or tokens of a sequence are scored, None where that cannot be told.

    Args:
        chance: what the task states of it; by chance every bit costs one bit.
        scores: names of the task's scores.
    """
    if "token_errors" not in scores:
        return chance.get("loss_bits")
    rate, errors = chance.get("token_error_rate"), chance.get("token_errors")
    return errors / rate if rate and errors else None


def _check_score(place: str, name: str, value: float, finite: bool) -> Iterator[Finding]:
    where = f"{place}.{name}"
    if not math.isfinite(value):
        if finite or name not in _INFINITE_LOSS:
            yield Finding(RecordFault.NOT_FINITE, where, f"{value}, where only a finite number can be.")
    elif value < 0 and name in _NEVER_BELOW_ZERO:
        yield Finding(RecordFault.OUT_OF_RANGE, where, f"{value:g} is below 0.")
    elif value > 1 and name in _SHARES:
        yield Finding(RecordFault.OUT_OF_RANGE, where, f"{value:g} is above 1.")


def _check_counts(place: str, scores: Mapping[str, float], sequences: int) -> Iterator[Finding]:
    """The mean of whole numbers, times how many they are, is whole."""
    for name in _COUNTS:
        total = scores.get(name, 0.0) * sequences
        if abs(total - round(total)) > _ROUNDING * max(1.0, total * _ROUNDING):
            text = f"{scores[name]!r} is no mean of whole numbers over {sequences} sequences."
            yield Finding(RecordFault.CONTRADICTION, f"{place}.{name}", text)


def _check_agreement(place: str, scores: Mapping[str, float], unit: str, scored: float | None) -> Iterator[Finding]:
    names = f"{unit}_errors", "sequence_accuracy", f"{unit}_error_rate", f"{unit}_accuracy"
    errors, accuracy, rate, right = (scores.get(name) for name in names)
    if rate is not None and right is not None and abs(1 - rate - right) > _ROUNDING:
        text = f"{right:g} of the {unit}s right and {rate:g} wrong are not all of them."
        yield Finding(RecordFault.CONTRADICTION, f"{place}.{unit}_accuracy", text)
    if errors is None:
        return
    slack = _ROUNDING * max(1.0, errors)
    if accuracy is not None and errors < 1 - accuracy - slack:
        text = f"{errors:g} wrong {unit}s a sequence, though {1 - accuracy:g} of them have one or more."
        yield Finding(RecordFault.CONTRADICTION, f"{place}.{unit}_errors", text)
    if scored is None:
        return
    if accuracy is not None and errors > (1 - accuracy) * scored + slack:
        text = f"{errors:g} wrong {unit}s a sequence are more than {1 - accuracy:g} of them can have."
        yield Finding(RecordFault.CONTRADICTION, f"{place}.{unit}_errors", text)
    if rate is not None and abs(rate * scored - errors) > slack:
        text = f"{rate:g} of {scored:g} {unit}s are not {errors:g} wrong {unit}s."
        yield Finding(RecordFault.CONTRADICTION, f"{place}.{unit}_error_rate", text)


def _check_loss(place: str, scores: Mapping[str, float], errors: str) -> Iterator[Finding]:
    """What is wrong was given a probability of 1/2 or less, and so costs a bit at least."""
    wrong, loss = scores.get(errors), scores.get("loss_bits")
    if wrong is not None and loss is not None and loss < wrong - _ROUNDING * max(1.0, wrong):
        text = f"{loss:g}, though {wrong:g} {errors.replace('_', ' ')} a sequence cost a bit each at least."
        yield Finding(RecordFault.CONTRADICTION, f"{place}.loss_bits", text)
