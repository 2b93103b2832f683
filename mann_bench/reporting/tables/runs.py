"""The runs one by one: by what key each is known, how it ended, and why it failed."""

from collections.abc import Iterable

from mann_bench.core.texts import shortened
from mann_bench.reporting.tables.table import Row, Table
from mann_bench.reporting.words import cell_labels
from mann_bench.results.cells import Cells, cells, origin
from mann_bench.results.schema import Record

MOST_LISTED = 100
"""Runs that a table for people lists; `run_rows` has all."""

KEY_DIGITS = 12
"""Digits of a run key that people read and type."""

_LONGEST_REASON = 200


def run_rows(records: Iterable[Record] | Cells) -> list[Row]:
    """Return one row a run, in the order of the cells and their seeds."""
    return [_row(record) for cell in cells(records) for record in cell.records]


def runs_table(records: Iterable[Record] | Cells) -> Table:
    """Return the table of the runs, of very many the first."""
    made = cells(records)
    rows = [
        [cell.task, label, str(record.seed), record.key[:KEY_DIGITS], outcome_text(record), f"{record.steps:,}"]
        for cell, label in zip(made, cell_labels(made), strict=True)
        for record in cell.records
    ]
    more = len(rows) - MOST_LISTED
    return Table(
        "Runs",
        ["task", "model", "seed", "run key", "outcome", "steps"],
        rows[:MOST_LISTED],
        [
            "run key: its first digits, by which trace and reproduce know the run",
            *([f"{more:,} more runs: --table runs with --format csv or json lists all"] if more > 0 else []),
        ],
    )


def outcome_text(record: Record) -> str:
    """Return how a run ended: ``not converged``, or ``failed: ValueError: no such thing``."""
    words = str(record.outcome).replace("_", " ")
    return f"{words}: {reason}" if (reason := failure(record)) else words


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
