"""The table of generalisation over training, as people read it."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import probed
from mann_bench.analysis.probe import probe_row
from mann_bench.reporting.naming import own_training_notes, row_labels
from mann_bench.reporting.tables.table import INTERVALS, SHARES, Table, estimate_text, one_seed_notes, share_text


def probe_table(cells: Sequence[Cell]) -> Table | None:
    """Return the table of generalisation over training; None where nothing was measured."""
    made = [cell for cell in cells if probed(cell)]
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
            *one_seed_notes(made),
            *own_training_notes(made),
        ],
    )


def _text(cell: Cell, label: str) -> list[str]:
    row = probe_row(cell)
    return [
        cell.task,
        label,
        row.size or "-",
        share_text(row.found.generalizing),
        estimate_text(row.found.from_step, "not reached"),
        row.found.by_seed,
    ]
