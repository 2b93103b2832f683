"""Compare a run that was done again with its record: bit by bit, or within tolerances that are stated."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mann_bench.core.backends import Backend
from mann_bench.leaderboard.schema import Comparison
from mann_bench.results.repeatable import differences, repeatable, taken_spread
from mann_bench.results.schema import CurveRow, InitialWeightsRecord, Provenance, Record, SizeRow

_FIRST_TOLERANCE = 1e-3
"""Share by which the scores of the untrained model may differ, elsewhere."""

_REDRAWN = (2, 12)
"""The version of torch from which on `torch.nn.init.trunc_normal_` draws other numbers from the same seed."""

_FACTOR = 2
"""By how much training until convergence may lie outside the range of the cell's seeds, elsewhere."""

_TEST_TOLERANCE = 0.01
"""By how much, and by what share, test scores of the same weights may differ, elsewhere."""

_UNTRAINED_TOLERANCE = 1e-6
_STARTED_TOLERANCE = 2e-3
"""Shares by which the loss of a replay may differ, elsewhere, before training and after its first steps.

On another type of processor the losses differed by 2e-9 and 3.3e-4; those of two seeds by 3e-5 and more.
"""

_COUNT_TOLERANCE = 0.01
"""By how much, and by what share, its other scores may: each is a count, and a bit may fall on either side."""

_MOST_DIFFERENCES = 3

_SAME = ("device", "device_name", "threads", "torch", "numpy", "cpu_capability", "blas", "rounding", "compiler")
"""What has to be the same for a run to repeat bit by bit, beside its backend."""


class Compared(NamedTuple):
    """What a comparison found: how it was made, whether the two agree, and what was compared, in words."""

    comparison: Comparison
    agrees: bool
    text: str


def why_inexact(record: Record, here: Provenance, backend: Backend) -> str | None:
    """Return why a run done again need not equal its record bit by bit, in words; None where it must.

    A name such as AMD EPYC is that of machines that round otherwise: how they do has to be the same as well.
    """
    was = record.provenance
    if was.rounding is None or here.rounding is None:
        return "the record does not tell how its machine rounds, so it cannot be taken for the same machine"
    pairs = [("backend", record.backend, backend), *((name, getattr(was, name), getattr(here, name)) for name in _SAME)]
    others = [f"{name} {now or 'unknown'}, not {then or 'unknown'}" for name, then, now in pairs if then != now]
    return ", ".join(others) or None


def compare_runs(record: Record, rerun: Record, cell: Sequence[Record]) -> Compared:
    """Compare a re-run with its record.

    Args:
        record: what the entry states.
        rerun: the same run, done again.
        cell: all seeds of the entry that share model, task and protocol with it.
    """
    exact = _bitwise(repeatable(record), repeatable(rerun), "curve, probe, test, weights and all else but times")
    why = why_inexact(record, rerun.provenance, rerun.backend)
    if exact.agrees or not why:
        return exact
    other_start = other_sample(record, rerun.initial_weights, rerun.provenance)
    equal = "initial weights equal, " if same_weights(record, rerun.initial_weights) else ""
    start = other_start or f"{equal}scores before training within {_FIRST_TOLERANCE:.1%}"
    near = f"steps until convergence within a factor of {_FACTOR} of the range of the entry's {len(cell)} seeds"
    found = list(_statistical(record, rerun, cell, other_start is None))
    return Compared(Comparison.STATISTICAL, not found, "; ".join([f"{why}: {start}, {near}", *found]) + ".")


def compare_tests(record: Record, rows: Sequence[SizeRow], why: str | None) -> Compared:
    """Compare test scores of a run's weights, measured again, with those of its record.

    Args:
        record: what the entry states.
        rows: what was measured.
        why: they need not be equal bit by bit, as of `why_inexact`; None where they must.
    """
    one, other = ([row.model_dump(mode="json") for row in each] for each in (record.generalization, rows))
    same, again = ({"generalization": each} | taken_spread(each) for each in (one, other))
    exact = _bitwise(same, again, "scores on the test stream")
    if exact.agrees or not why:
        return exact
    stated, measured = ({str(row.size): row.scores for row in each} for each in (record.generalization, rows))
    far = [
        f"{name} at {size} is {measured.get(size, {}).get(name)}, not {value:g}"
        for size, scores in stated.items()
        for name, value in scores.items()
        if not _close(value, measured.get(size, {}).get(name, math.nan))
    ]
    text = f"{why}: scores on the test stream within {_TEST_TOLERANCE} or {_TEST_TOLERANCE:.0%}"
    return Compared(Comparison.STATISTICAL, not far, "; ".join([text, *far[:_MOST_DIFFERENCES]]) + ".")


def _close(one: float, other: float) -> bool:
    if not math.isfinite(one):
        return repr(one) == repr(other)
    return math.isclose(one, other, rel_tol=_TEST_TOLERANCE, abs_tol=_TEST_TOLERANCE)


def _bitwise(one: Mapping[str, Any], other: Mapping[str, Any], what: str) -> Compared:
    different = differences(one, other)
    text = f"{what}: " + (f"{', '.join(different)} differ." if different else "equal.")
    return Compared(Comparison.BITWISE, not different, text)


def _redrawn(version: str) -> bool:
    """Tell whether a version of torch draws truncated normal weights as 2.12 does; if unclear, it is taken for new."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is None or (int(numbers[1]), int(numbers[2])) >= _REDRAWN


def other_sample(record: Record, start: InitialWeightsRecord | None, here: Provenance) -> str | None:
    """Return why a run done again need not start from the weights of its record, in words; None where it must."""
    versions = record.provenance.torch, here.torch
    same = same_weights(record, start)
    if same is False and not (start and start.portable):
        why = "torch draws the initial weights of this model, and drew others here"
    elif same is None and _redrawn(versions[0]) != _redrawn(versions[1]):
        why = "torch 2.12 draws other truncated normal weights from a seed than earlier versions, and one ran under "
        why += "{}, the other under {}".format(*versions)
    else:
        return None
    return f"another sample, since {why}: scores before training not compared"


def compare_starts(record: Record, rows: Sequence[CurveRow], why: str | None) -> Compared:
    """Compare the first evaluations of a run, measured again, with those of its record; `why` as of `compare_tests`."""
    stated = {row.step: row.scores for row in record.curve}
    pairs = [(row.step, stated[row.step], row.scores) for row in rows if row.step in stated]
    what = f"scores after {' and '.join(f'{step:,}' for step, *_ in pairs)} steps"
    exact = _bitwise({"curve": [one for _, one, _ in pairs]}, {"curve": [other for *_, other in pairs]}, what)
    if exact.agrees or not why:
        return exact
    far = [
        f"{name} after {step:,} steps is {again.get(name)}, not {value:g}"
        for step, before, again in pairs
        for name, value in before.items()
        if not _starts_close(step, name, value, again.get(name, math.nan))
    ]
    text = f"{why}: {what}, losses within {_UNTRAINED_TOLERANCE:g} before training and {_STARTED_TOLERANCE:.1%} after"
    return Compared(Comparison.STATISTICAL, not far, "; ".join([text, *far[:_MOST_DIFFERENCES]]) + ".")


def _starts_close(step: int, name: str, value: float, again: float) -> bool:
    if not math.isfinite(value):
        return repr(value) == repr(again)
    if not name.endswith("_bits"):
        return math.isclose(value, again, rel_tol=_COUNT_TOLERANCE, abs_tol=_COUNT_TOLERANCE)
    tolerance = _STARTED_TOLERANCE if step else _UNTRAINED_TOLERANCE
    return math.isclose(value, again, rel_tol=tolerance, abs_tol=tolerance)


def same_weights(record: Record, start: InitialWeightsRecord | None) -> bool | None:
    """Return whether a run started from these weights; None where that is not known."""
    if record.initial_weights is None or start is None:
        return None
    return record.initial_weights.sha256 == start.sha256


def _statistical(record: Record, rerun: Record, cell: Sequence[Record], same_start: bool) -> Iterator[str]:
    """Yield how a re-run differs by more than rounding explains: the untrained model, and when it converged."""
    if (record.error is None) != (rerun.error is None):
        yield f"the re-run ended {rerun.outcome}, not {record.outcome}"
        return
    if same_start and same_weights(record, rerun.initial_weights) is False:
        yield "it started from other weights, which are the same for a seed on every processor"
    for name, value in (record.curve[0].scores if same_start and record.curve else {}).items():
        again = rerun.curve[0].scores.get(name, math.nan)
        if not math.isclose(value, again, rel_tol=_FIRST_TOLERANCE, abs_tol=_FIRST_TOLERANCE):
            yield f"{name} before training is {again:g}, not {value:g}"
    steps = [_until_convergence(each) for each in cell]
    low, high, found = min(steps) / _FACTOR, max(steps) * _FACTOR, _until_convergence(rerun)
    # One that did not converge says no more than that it takes longer than the budget.
    at_least = found if math.isfinite(found) else rerun.protocol.integer("max_steps")
    if found < low or at_least > high:
        yield f"it converged after {found:g} steps, and the seeds from {min(steps):g} to {max(steps):g}"


def _until_convergence(record: Record) -> float:
    return math.inf if record.converged_first is None else float(record.converged_first)
