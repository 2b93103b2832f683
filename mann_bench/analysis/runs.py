"""The runs one by one: how each ended, and why it failed."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell, origin
from mann_bench.analysis.rows import Row
from mann_bench.core.texts import shortened
from mann_bench.results.schema import Record

_LONGEST_REASON = 200


def run_rows(cells: Sequence[Cell]) -> list[Row]:
    """Return one row a run, in the order of the cells and their seeds."""
    return [_row(record) for cell in cells for record in cell.records]


def failure(record: Record) -> str | None:
    """Return why a run failed, the last line of its traceback; None of one that did not."""
    lines = (record.error or "").strip().splitlines()
    return shortened(lines[-1].strip(), _LONGEST_REASON) if lines else None


def _row(record: Record) -> Row:
    return {
        "key": record.key,
        "task": record.task.text,
        "model": record.model.text,
        "protocol": record.protocol.text,
        "origin": origin(record),
        "seed": record.seed,
        "outcome": str(record.outcome),
        "steps": record.steps,
        "converged_first": record.converged_first,
        "backend": str(record.backend),
        "failure": failure(record),
    }
