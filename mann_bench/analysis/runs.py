"""The runs one by one: how each ended, and why it failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from mann_bench.analysis.cells import Cell, origin
from mann_bench.analysis.measures import accuracy_beyond_training
from mann_bench.analysis.rows import Row
from mann_bench.core.backends import Backend
from mann_bench.core.message_text import shortened
from mann_bench.core.runs import Outcome
from mann_bench.results.schema import Record

_LONGEST_REASON = 200


@dataclass(frozen=True, kw_only=True)
class RunRow(Row):
    """How a run ended, its fields those of its record, and why it failed; None where it did not.

    `target_first` is the step of the first evaluation below the threshold on the greatest training size alone;
    `accuracy_beyond_training` is that of `mann_bench.analysis.measures`.
    """

    key: str
    task: str
    model: str
    protocol: str
    origin: str
    seed: int
    outcome: Outcome
    steps: int
    converged_first: int | None
    backend: Backend
    failure: str | None
    target_first: int | None = None
    accuracy_beyond_training: float | None = None


def run_rows(cells: Sequence[Cell]) -> list[RunRow]:
    """Return one row a run, in the order of the cells and their seeds."""
    return [_row(record) for cell in cells for record in cell.records]


def failure(record: Record) -> str | None:
    """Return why a run failed, the last line of its traceback; None of one that did not."""
    lines = (record.error or "").strip().splitlines()
    return shortened(lines[-1].strip(), _LONGEST_REASON) if lines else None


def target_first(record: Record) -> int | None:
    """Return the step at which a run converged on the greatest training size alone; None where it is not told."""
    row = record.target_row() if record.tells_target else None
    return None if row is None else row.step


def _row(record: Record) -> RunRow:
    return RunRow(
        key=record.key,
        task=record.task.text,
        model=record.model.text,
        protocol=record.protocol.text,
        origin=origin(record),
        seed=record.seed,
        outcome=record.outcome,
        steps=record.steps,
        converged_first=record.converged_first,
        backend=record.backend,
        failure=failure(record),
        target_first=target_first(record),
        accuracy_beyond_training=accuracy_beyond_training(record),
    )
