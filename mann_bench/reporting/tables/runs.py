"""The table of the runs, and how people read that a run ended."""

import itertools
from collections.abc import Callable, Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.labels import cell_labels
from mann_bench.analysis.runs import failure
from mann_bench.core.runs import short_key
from mann_bench.core.variants import seeds_text
from mann_bench.reporting.tables.table import Table
from mann_bench.results.schema import Record

MOST_LISTED = 100
"""Runs that a table for people lists; `run_rows` has all."""


def runs_table(cells: Sequence[Cell]) -> Table:
    """Return the table of the runs, of very many the first."""
    runs = (
        (cell.task, label, record)
        for cell, label in zip(cells, cell_labels(cells), strict=True)
        for record in cell.records
    )
    rows = [
        [task, label, str(record.seed), short_key(record.key), outcome_text(record), f"{record.steps:,}"]
        for task, label, record in itertools.islice(runs, MOST_LISTED)
    ]
    more = sum(len(cell.records) for cell in cells) - MOST_LISTED
    return Table(
        "Runs",
        ["task", "model", "seed", "run key", "outcome", "steps"],
        rows,
        [
            "run key: its first digits, by which trace and reproduce know the run",
            *([f"{more:,} more runs: --table runs with --format csv or json lists all"] if more > 0 else []),
        ],
    )


def by_seeds(cell: Cell, words: Callable[[Record], str | None]) -> list[str]:
    """Return what is to be said of the runs of a cell, of those of which the same is said at once.

    Args:
        cell: the runs.
        words: what is to be said of a run; None where that is nothing.
    """
    seeds: dict[str, list[int]] = {}
    for record in cell.records:
        if text := words(record):
            seeds.setdefault(text, []).append(record.seed)
    return [
        f"{cell.model} on {cell.task}, seed{'' if len(each) == 1 else 's'} {seeds_text(each)}: {text}"
        for text, each in seeds.items()
    ]


def outcome_text(record: Record) -> str:
    """Return how a run ended: ``not converged``, or ``failed: ValueError: no such thing``."""
    words = record.outcome.words
    return f"{words}: {reason}" if (reason := failure(record)) else words
