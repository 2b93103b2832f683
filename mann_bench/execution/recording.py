"""Make the record of a run from what it yielded, and see before it starts that one can be read again."""

import dataclasses

from mann_bench.core.backends import Backend
from mann_bench.core.errors import UsageError
from mann_bench.core.message_text import shortened
from mann_bench.core.runs import Outcome, Run
from mann_bench.results import schema
from mann_bench.results.problem import Problem, RecordFault
from mann_bench.results.soundness import first_problem
from mann_bench.training.result import Seconds, TrainingResult

_LONGEST_REASON = 300

_NOWHERE = schema.Provenance(
    mann_bench="",
    git_commit=None,
    git_dirty=None,
    torch="",
    numpy="",
    pytorch_lightning="",
    python="",
    os="",
    device="cpu",
    device_name="",
    threads=1,
    date="",
)
"""What a run ran on that did not run: to find that out takes longer than to plan."""


def record_of(
    run: Run,
    result: TrainingResult,
    provenance: schema.Provenance,
    *,
    error: str | None = None,
    weights_sha256: str | None = None,
    peak_ram: int | None = None,
) -> schema.Record:
    """Return the record of a run; raises pydantic.ValidationError where a record cannot hold what it yielded.

    Args:
        run, result: what was done, and what it yielded.
        provenance: what it ran on.
        error: traceback of a run that failed.
        weights_sha256: digest of the weights beside the record.
        peak_ram: bytes.
    """
    return schema.Record(
        schema_version=1,
        key=run.key,
        model=schema.ComponentRecord.of(run.model),
        task=schema.ComponentRecord.of(run.task),
        convergence=schema.RuleRecord(**dataclasses.asdict(run.convergence)),
        protocol=schema.ProtocolRecord.of(run.protocol, run.protocol_given, run.protocol_text),
        syllabus=_syllabus(run, result),
        seed=run.seed,
        outcome=result.outcome,
        steps=result.steps,
        converged_first=result.converged_first,
        converged_confirmed=result.converged_confirmed,
        best_step=result.best_step,
        divergence=schema.DivergenceRecord(**result.divergence._asdict()) if result.divergence else None,
        error=None if error is None else error.encode(errors="backslashreplace").decode(),
        curve=[schema.CurveRow.of(point) for point in result.curve],
        probe=[schema.ProbeRow.of(step, rows) for step, rows in result.probe],
        training_range=result.training_range,
        grid=[schema.GridRow.of(point) for point in result.grid],
        generalization=[schema.SizeRow.of(row) for row in result.generalization],
        parameters=result.parameters,
        all_parameters=result.all_parameters,
        state_bytes=result.state_bytes,
        details=result.details,
        own_training=result.own_training,
        own_hooks=result.own_hooks,
        backend=result.backend,
        peak_memory_bytes=peak_ram,
        seconds=schema.SecondsRecord(**result.seconds._asdict()),
        initial_weights=_initial_weights(result),
        weights_sha256=weights_sha256,
        provenance=provenance,
    )


def _initial_weights(result: TrainingResult) -> schema.InitialWeightsRecord | None:
    found = result.initial_weights
    return schema.InitialWeightsRecord(**found._asdict()) if found else None


def _syllabus(run: Run, result: TrainingResult) -> schema.SyllabusRecord | None:
    if run.syllabus is None:
        return None
    return schema.SyllabusRecord(
        rule=schema.ComponentRecord.of(run.syllabus),
        sizes=[dict(size) for size in result.training_sizes],
        course=[schema.CourseRow.of(point) for point in result.course],
    )


def no_result() -> TrainingResult:
    """Return the result of a run that failed."""
    return TrainingResult(
        outcome=Outcome.FAILED,
        steps=0,
        converged_first=None,
        converged_confirmed=None,
        best_step=0,
        curve=[],
        probe=[],
        course=[],
        training_sizes=[],
        generalization=[],
        training_range={},
        grid=[],
        parameters=0,
        all_parameters=None,
        state_bytes=0,
        details={},
        own_training=[],
        own_hooks=[],
        backend=Backend.EAGER,
        seconds=Seconds(0.0, 0.0, 0.0),
        weights={},
    )


def check_recordable(run: Run) -> None:
    """See that a run whatever its outcome can have a record that is read again; the seed does not matter.

    Raises:
        UsageError: not even that of a failed run would be; the message names what was asked for and the limit.
    """
    if problem := _problem(run, no_result()):
        cell = shortened(f"{run.model.text} on {run.task.text} under {run.protocol_text}", _LONGEST_REASON)
        raise UsageError(f"{cell}: none of its records would be read again: {problem}.")


def check_result(run: Run, result: TrainingResult) -> None:
    """See that a run which yields such numbers can have a record that is read again.

    Raises:
        ValueError: it cannot; the message names the field and what is expected there.
    """
    if problem := _problem(run, result):
        raise ValueError(f"the record of this run would not be read again: {problem}")


def _problem(run: Run, result: TrainingResult) -> Problem | None:
    try:
        return first_problem(record_of(run, result, _NOWHERE))
    except ValueError as error:  # pydantic's, or of a number that has no place in a run key
        return Problem(RecordFault.SCHEMA, "schema", shortened(str(error), _LONGEST_REASON))
