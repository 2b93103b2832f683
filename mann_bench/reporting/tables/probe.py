"""Generalisation over training: which seeds master the longest size of the grid, and from which step on."""

from collections.abc import Iterable

from mann_bench.core.sizes import size_text
from mann_bench.reporting.measures import generalization_durations, generalizes_from, probed
from mann_bench.reporting.tables.table import (
    INTERVALS,
    ONE_SEED,
    SHARES,
    Row,
    Table,
    estimate_row,
    estimate_text,
    share_row,
    share_text,
)
from mann_bench.reporting.words import own_training_notes, row_labels
from mann_bench.results.cells import Cell, Cells, cells
from mann_bench.results.schema import Record
from mann_bench.statistics.bootstrap import survival_median


def probe_rows(records: Iterable[Record] | Cells) -> list[Row]:
    """Return one row a cell whose length grid was measured over training: the seeds that generalise."""
    return [_row(cell) for cell in cells(records) if probed(cell)]


def probe_table(records: Iterable[Record] | Cells) -> Table | None:
    """Return the table of generalisation over training; None where nothing was measured."""
    made = [cell for cell in cells(records) if probed(cell)]
    if not made:
        return None
    return Table(
        "Generalisation over training",
        ["task", "model", "longest size", "generalise", "from step", "by seed"],
        [_text(cell, label) for cell, label in zip(made, row_labels(made), strict=True)],
        [
            "generalise: seeds with 99 % of the sequences right at the longest size of the grid, or where none can "
            "be right, the task's rule met, in every probe from some step on",
            "from step: its Kaplan-Meier median",
            INTERVALS,
            SHARES,
            *([ONE_SEED] if any(len(cell.records) == 1 for cell in made) else []),
            *own_training_notes(made),
        ],
    )


def _row(cell: Cell) -> Row:
    starts = [generalizes_from(record) for record in cell.records]
    return {
        "task": cell.task,
        "model": cell.model,
        "protocol": cell.protocol,
        "origin": cell.origin,
        "size": next((size_text(row.rows[-1].size) for r in cell.records for row in r.probe), None),
        "seeds": len(starts),
        **share_row("generalizing", sum(start is not None for start in starts), len(starts)),
        **estimate_row("from_step", survival_median(generalization_durations(cell))),
        "by_seed": "; ".join(
            f"{record.seed}: {'never' if start is None else f'{start:,}'}"
            for record, start in zip(cell.records, starts, strict=True)
        ),
    }


def _text(cell: Cell, label: str) -> list[str]:
    row = _row(cell)
    return [
        cell.task,
        label,
        row["size"] or "-",
        share_text(row, "generalizing", row["seeds"]),
        estimate_text(row, "from_step", "not reached"),
        row["by_seed"],
    ]
