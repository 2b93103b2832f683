"""See that a record is one that a run could have left, whoever wrote it: what is computed from records relies on it.

These are the rules for records in folders of runs and in entries alike. Whether the figures of an entry are true is
another matter, and that of leaderboards.
"""

import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Sequence

from mann_bench.core.errors import StoreError
from mann_bench.core.field_types import MOST
from mann_bench.core.runs import Outcome
from mann_bench.core.scores import is_accuracy
from mann_bench.results.keys import record_key
from mann_bench.results.parsing import parsed
from mann_bench.results.problem import Problem, RecordFault, UnsoundError
from mann_bench.results.schema import ProtocolRecord, Record, SizeRow
from mann_bench.results.text_rules import text_problems

MOST_SIZES = 1_000
"""Sizes of a length grid."""

_ACCURACIES = ("sequence_accuracy", "token_accuracy")
_LEAST_THRESHOLD = 1e-30
_LEAST = {"max_steps": 1, "batch_size": 1, "validation_sequences": 1, "probe_every": 0, "test_sequences": 1}
"""The numbers of a protocol that are computed with, and the least that each can be."""

_MOST_TESTED = 100_000
"""Sequences of the test: `trace` makes all of a size to show one."""


def sound_record(content: bytes, keys: Iterable[str]) -> Record:
    """Return the record that a file holds; `keys` are those of the runs that it and its folder are named for.

    Raises:
        UnsoundError: it holds none, or one that no run could have left, or that of another run.
    """
    record = parsed(Record, content)
    if problem := first_problem(record):
        raise UnsoundError([problem])
    if any(key != record.key for key in keys):
        raise UnsoundError([Problem(RecordFault.FOREIGN_KEY, None, f"it holds run {record.key}")])
    return record


def first_problem(record: Record) -> Problem | None:
    """Return what makes a record one that no run could have left, the first thing found; None where nothing does."""
    checks = (text_problems(record), _protocol(record.protocol), _rule(record), _seconds(record), _curve(record))
    more = (_convergence(record), _probe(record), _grids(record), _parameters(record), _course(record), _key(record))
    return next(itertools.chain(*checks, *more), None)


def _protocol(protocol: ProtocolRecord) -> Iterator[Problem]:
    for name, least in _LEAST.items():
        try:
            value = protocol.integer(name)
        except StoreError:
            value = -1
        most = _MOST_TESTED if name == "test_sequences" else MOST
        if not least <= value <= most:
            yield Problem(
                RecordFault.OUT_OF_RANGE, f"protocol.fields.{name}", f"expected a whole number from {least} to {most:,}"
            )


def _rule(record: Record) -> Iterator[Problem]:
    if is_accuracy(record.convergence.metric):
        yield Problem(RecordFault.OUT_OF_RANGE, "convergence.metric", "an accuracy, where the rule asks for an error")
    below = abs(record.convergence.below)
    if below and not _LEAST_THRESHOLD <= below <= 1 / _LEAST_THRESHOLD:
        yield Problem(
            RecordFault.OUT_OF_RANGE, "convergence.below", f"{below:g} is no threshold; expected 0, or 1e-30 to 1e30"
        )


def _seconds(record: Record) -> Iterator[Problem]:
    for name, seconds in record.seconds.__dict__.items():
        if not 0 <= seconds <= MOST:
            yield Problem(RecordFault.OUT_OF_RANGE, f"seconds.{name}", f"{seconds:g} is no duration")
    if not all(0 <= row.training_seconds <= MOST for row in record.curve):
        yield Problem(RecordFault.OUT_OF_RANGE, "curve", "training_seconds must be durations")


def _parameters(record: Record) -> Iterator[Problem]:
    if record.all_parameters is not None and record.all_parameters < record.parameters:
        yield Problem(
            RecordFault.CONTRADICTION,
            "all_parameters",
            f"{record.all_parameters:,}, though {record.parameters:,} are trainable",
        )


def _curve(record: Record) -> Iterator[Problem]:
    curve, budget = record.curve, record.protocol.integer("max_steps")
    if record.steps > budget:
        yield Problem(RecordFault.BUDGET, "steps", f"{record.steps:,}, though the protocol allows {budget:,}")
    if not _rises([row.step for row in curve]):
        yield Problem(RecordFault.CADENCE, "curve", "steps must rise from row to row")
    for name in ("sequences", "training_seconds"):
        if not _rises([getattr(row, name) for row in curve], strictly=False):
            yield Problem(RecordFault.CONTRADICTION, "curve", f"{name} must not fall from row to row")
    if not _rises([row.symbols for row in curve if row.symbols is not None], strictly=False):
        yield Problem(RecordFault.CONTRADICTION, "curve", "symbols must not fall from row to row")
    needed = {record.convergence.metric, "loss_bits"}  # convergence is judged anew from these
    if not all(needed <= row.target_scores.keys() for row in curve if row.target_scores):
        yield Problem(RecordFault.GRID, "curve", f"target_scores lack one of {', '.join(sorted(needed))}")
    if curve and curve[-1].step > budget:
        yield Problem(
            RecordFault.BUDGET, "curve", f"it goes on to step {curve[-1].step:,}, though the protocol allows {budget:,}"
        )
    if curve and curve[-1].sequences > (most := budget * record.protocol.integer("batch_size")):
        yield Problem(
            RecordFault.COUNT, "curve", f"{curve[-1].sequences:,} sequences, though the protocol allows {most:,}"
        )
    if not all(record.convergence.metric in row.scores for row in curve):
        yield Problem(
            RecordFault.GRID, "curve", f"a row lacks the score {record.convergence.metric!r} of the convergence rule"
        )


def _convergence(record: Record) -> Iterator[Problem]:
    steps = {row.step for row in record.curve}
    for name in ("converged_first", "converged_confirmed"):
        if (step := getattr(record, name)) is not None and step not in steps:
            yield Problem(RecordFault.CONVERGENCE, name, f"step {step:,} is none of the curve's")
    if steps and record.best_step not in {0, *steps}:
        yield Problem(RecordFault.CONVERGENCE, "best_step", f"step {record.best_step:,} is none of the curve's")
    if not record.outcome.broke_off and (record.outcome is Outcome.CONVERGED) != (record.converged_first is not None):
        yield Problem(
            RecordFault.OUTCOME, "outcome", f"{record.outcome}, though converged_first is {record.converged_first}"
        )


def _probe(record: Record) -> Iterator[Problem]:
    if not _rises([probe.step for probe in record.probe]):
        yield Problem(RecordFault.CADENCE, "probe", "steps must rise from row to row")
    if record.probe and record.probe[-1].step > (budget := record.protocol.integer("max_steps")):
        yield Problem(
            RecordFault.BUDGET,
            "probe",
            f"it goes on to step {record.probe[-1].step:,}, though the protocol allows {budget:,}",
        )
    for probe in record.probe:
        if not probe.rows:
            yield Problem(RecordFault.GRID, "probe", f"step {probe.step:,} has no sizes")
        if not all(record.convergence.metric in row.scores for row in probe.rows):
            yield Problem(
                RecordFault.GRID,
                "probe",
                f"a row lacks the score {record.convergence.metric!r} of the convergence rule",
            )


def _grids(record: Record) -> Iterator[Problem]:
    tables: Sequence[Sequence[SizeRow]] = [record.generalization, *(probe.rows for probe in record.probe)]
    if max(map(len, [*tables, record.grid])) > MOST_SIZES:
        yield Problem(RecordFault.GRID, "sizes", f"more than {MOST_SIZES:,} in a length grid")
    rows = list(itertools.chain(*tables))
    dimensions = {tuple(row.size) for row in rows} | {tuple(row.size) for row in record.grid}
    if () in dimensions:
        yield Problem(RecordFault.GRID, "sizes", "a size has no dimension")
    if len(dimensions) > 1:
        yield Problem(RecordFault.GRID, "sizes", "not all have the same dimensions in the same order")
    spread = [row for row in rows if row.spread]
    if not all(0 <= each <= MOST and name in row.scores for row in spread for name, each in row.spread.items()):
        yield Problem(RecordFault.OUT_OF_RANGE, "spread", "expected standard deviations of scores that are there")
    scores = [row.scores for row in record.curve] + [row.scores for row in rows]
    for name in _ACCURACIES:
        accuracies = [each.get(name, 0.0) for each in scores]
        if [each for each in accuracies if each < 0 or each > 1]:  # NaN may be there, of a model that gave none
            yield Problem(RecordFault.OUT_OF_RANGE, "scores", f"{name} must be from 0 to 1")


def _course(record: Record) -> Iterator[Problem]:
    syllabus, stated = record.syllabus, record.protocol.fields.get("syllabus")
    if stated != (syllabus.rule.text if syllabus else None):
        yield Problem(RecordFault.CONTRADICTION, "syllabus", f"the protocol has {stated!r}")
    if syllabus is None:
        return
    steps, sizes = {row.step for row in record.curve}, len(syllabus.sizes)
    if not _rises([row.step for row in syllabus.course]) or not steps >= {row.step for row in syllabus.course}:
        yield Problem(RecordFault.CADENCE, "syllabus.course", "its steps must be those of the curve, and rise")
    if not all(len(row.drawn) == sizes and len(row.rewards) in (0, sizes) for row in syllabus.course):
        yield Problem(RecordFault.GRID, "syllabus.course", f"a row tells not of {sizes:,} sizes")
    if sum(itertools.chain.from_iterable(row.drawn for row in syllabus.course)) > record.steps:
        yield Problem(RecordFault.COUNT, "syllabus.course", f"more batches drawn than the {record.steps:,} steps")
    if not all(row.point is None or row.point in syllabus.sizes for row in syllabus.course):
        yield Problem(RecordFault.GRID, "syllabus.course", "a curriculum point is none of the training sizes")
    if not all(math.isfinite(reward) for row in syllabus.course for reward in row.rewards if reward is not None):
        yield Problem(RecordFault.NOT_FINITE, "syllabus.course", "a reward is not finite")


def _key(record: Record) -> Iterator[Problem]:
    if (key := record_key(record)) != record.key:
        yield Problem(RecordFault.FOREIGN_KEY, "key", f"what the record describes is run {key}")


def _rises(values: Sequence[float], strictly: bool = True) -> bool:
    return all(map(operator.lt if strictly else operator.le, values, values[1:]))
