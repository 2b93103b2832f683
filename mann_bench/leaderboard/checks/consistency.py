"""Check that a record agrees with itself: what follows from its protocol and its curve must follow."""

import itertools
import math
from collections.abc import Iterator, Sequence

from mann_bench.analysis.target import on_target
from mann_bench.core.convergence import ConvergenceTracker, last_step
from mann_bench.core.runs import Outcome
from mann_bench.core.specs import ConvergenceRule
from mann_bench.leaderboard.checks.diagnostics import check_diagnostics
from mann_bench.leaderboard.checks.scores import check_scores, scored_by
from mann_bench.leaderboard.checks.untrained import check_untrained
from mann_bench.leaderboard.faults import Finding
from mann_bench.leaderboard.rules import TaskRules
from mann_bench.results.problem import RecordFault
from mann_bench.results.schema import CurveRow, Record, SizeRow

_LONGEST_TURN = 10
"""Steps that a run may do beyond its last, where that is step 0."""

_MOST_THREADS = 1_024


def check_consistency(record: Record, task: TaskRules) -> Iterator[Finding]:
    """Yield where a record contradicts itself. It must be sound, of a task and a protocol of the study."""
    yield from _check_outcome(record)
    yield from _check_seconds(record)
    if record.outcome is Outcome.FAILED:
        return
    yield from _check_steps(record)
    yield from _check_curve(record, task)
    yield from check_untrained(record, task)
    yield from check_diagnostics(record)
    yield from _check_convergence(record)
    yield from _check_probe(record, task)
    yield from _check_test(record, task)


def _check_outcome(record: Record) -> Iterator[Finding]:
    """The outcome must follow from the error, the divergence and the convergence; what failed measured nothing."""
    if record.error is not None:
        expected = Outcome.FAILED
    elif record.divergence is not None:
        expected = Outcome.DIVERGED
    else:
        expected = Outcome.NOT_CONVERGED if record.converged_first is None else Outcome.CONVERGED
    if record.outcome is not expected:
        yield Finding(
            RecordFault.OUTCOME, "outcome", f"{record.outcome}, but error, divergence and curve say {expected}."
        )
    if record.outcome is Outcome.FAILED:
        for field in (
            "initial_weights",
            "steps",
            "converged_first",
            "curve",
            "probe",
            "generalization",
            "grid",
            "weights_sha256",
        ):
            if getattr(record, field):
                yield Finding(
                    RecordFault.OUTCOME, field, "a run that failed has none. Submit the record as it was written."
                )


def _check_seconds(record: Record) -> Iterator[Finding]:
    """What was done took time; only compiling may take none."""
    done = {"training": record.steps, "evaluation": len(record.curve)}
    for name in (name for name, count in done.items() if count and not getattr(record.seconds, name)):
        yield Finding(RecordFault.OUT_OF_RANGE, f"seconds.{name}", "0, though it was done. Restore the record.")
    seconds_at = [0.0, *(row.training_seconds for row in record.curve if row.step)]
    if not all(one < other for one, other in itertools.pairwise(seconds_at)):
        yield Finding(RecordFault.OUT_OF_RANGE, "curve", "training_seconds must rise with the steps, from above 0.")
    if not 1 <= (threads := record.provenance.threads) <= _MOST_THREADS:
        yield Finding(RecordFault.OUT_OF_RANGE, "provenance.threads", f"{threads} is no number of threads.")
    if record.curve and record.curve[-1].training_seconds > record.seconds.training:
        yield Finding(RecordFault.CONTRADICTION, "curve", "training_seconds end beyond seconds.training.")


def _last_step(record: Record) -> int:
    """Return the step at which the run had to stop, unless it diverged."""
    protocol, firsts = record.protocol, [record.converged_first]
    if protocol.fields.get("grace_after") == "both" and all(row.target_scores for row in record.curve):
        firsts.append(on_target(record).converged_first)
    return last_step(protocol.integer("max_steps"), protocol.integer("grace"), firsts)


def _check_steps(record: Record) -> Iterator[Finding]:
    last = _last_step(record)
    if record.divergence is not None:
        if record.divergence.step != record.steps:
            text = f"divergence after {record.divergence.step} good steps, but {record.steps} steps were done."
            yield Finding(RecordFault.CONTRADICTION, "divergence.step", text)
    elif record.steps != last and not (last == 0 and record.steps <= _LONGEST_TURN):
        text = f"{record.steps} steps, but by protocol and convergence the run ended after {last}."
        yield Finding(RecordFault.BUDGET, "steps", text)


def _check_curve(record: Record, task: TaskRules) -> Iterator[Finding]:
    every, batch_size = record.protocol.integer("evaluate_every"), record.protocol.integer("batch_size")
    steps = [row.step for row in record.curve]
    due = [*range(0, record.steps + 1, every)]
    if record.steps % every and (record.divergence is None or steps[-1:] == [record.steps]):
        due.append(record.steps)  # the last evaluation, at the end of the run
    if steps != due:
        text = f"evaluations at {_listed(steps)}, but the protocol has them at {_listed(due)}."
        yield Finding(RecordFault.CADENCE, "curve", text)
    for index, row in enumerate(record.curve):
        if row.sequences != row.step * batch_size:
            text = f"{row.sequences}, but {row.step} steps of {batch_size} are {row.step * batch_size}."
            yield Finding(RecordFault.COUNT, f"curve[{index}].sequences", text)
        last_of_diverged = record.divergence is not None and index == len(record.curve) - 1
        sequences = record.protocol.integer("validation_sequences")
        yield from check_scores(f"curve[{index}].scores", row.scores, sequences, task, finite=not last_of_diverged)
        if row.target_scores:
            yield from check_scores(f"curve[{index}].target_scores", row.target_scores, None, task)


def _counted(record: Record) -> list[CurveRow]:
    """Return the evaluations that count: one whose loss is not finite ends the run."""
    return [row for row in record.curve if math.isfinite(row.scores.get("loss_bits", math.nan))]


def _check_convergence(record: Record) -> Iterator[Finding]:
    tracker = ConvergenceTracker(_rule(record))
    for row in _counted(record):
        tracker.add(row.step, row.scores)
    derived = {
        "converged_first": tracker.first,
        "converged_confirmed": tracker.confirmed,
        "best_step": tracker.best_step,
    }
    for field, expected in derived.items():
        if getattr(record, field) != expected:
            text = f"{getattr(record, field)}, but the curve says {expected}."
            yield Finding(RecordFault.CONVERGENCE, field, text)


def _rule(record: Record) -> ConvergenceRule:
    return ConvergenceRule(**record.convergence.model_dump())


def _check_probe(record: Record, task: TaskRules) -> Iterator[Finding]:
    every = record.protocol.integer("probe_every")
    due = [*range(every, record.steps + 1, every)] if every else []
    steps = [row.step for row in record.probe]
    unmeasured = record.divergence is not None and due[-1:] == [record.steps]  # the evaluation before it diverged
    if steps != due and not (unmeasured and steps == due[:-1]):
        text = f"measured at {_listed(steps)}, but the protocol has it at {_listed(due)}."
        yield Finding(RecordFault.CADENCE, "probe", text)
    for index, row in enumerate(record.probe):
        yield from _check_grid(f"probe[{index}].rows", row.rows, record.protocol.integer("probe_sequences"), task)


def _check_test(record: Record, task: TaskRules) -> Iterator[Finding]:
    tested = bool(_counted(record))
    if tested:
        yield from _check_grid("generalization", record.generalization, record.protocol.integer("test_sequences"), task)
    elif record.generalization:
        yield Finding(RecordFault.OUTCOME, "generalization", "no evaluation was finite, so no weights could be tested.")
    if tested != (record.weights_sha256 is not None):
        text = "there must be one where, and only where, an evaluation was finite."
        yield Finding(RecordFault.OUTCOME, "weights_sha256", text)
    # Records of earlier versions hold neither.
    if record.grid and record.grid != list(task.grid):
        yield Finding(RecordFault.GRID, "grid", "not what the task states about its length grid. Run it anew.")
    if record.training_range and record.training_range != dict(task.training_range):
        yield Finding(RecordFault.GRID, "training_range", "not the training sizes of the task. Run it anew.")


def _check_grid(place: str, rows: Sequence[SizeRow], sequences: int, task: TaskRules) -> Iterator[Finding]:
    if [row.size for row in rows] != task.sizes:
        sizes = [dict(size) for size in task.sizes]
        yield Finding(RecordFault.GRID, place, f"sizes {[row.size for row in rows]}, but the task has {sizes}.")
        return
    for index, (row, known) in enumerate(zip(rows, task.grid, strict=True)):
        if row.sequences != sequences:
            text = f"{row.sequences}, but the protocol has {sequences}."
            yield Finding(RecordFault.COUNT, f"{place}[{index}].sequences", text)
        scored = scored_by(known.chance, task.scores) if task.alike else None
        yield from check_scores(f"{place}[{index}].scores", row.scores, sequences, task, scored=scored)


def _listed(steps: Sequence[int]) -> str:
    """Return steps as people read them, not all of very many."""
    return ", ".join(map(str, steps[:4])) + (f" ... {steps[-1]} ({len(steps)})" if len(steps) > 4 else "") or "none"
