"""The table of the levels reached under a syllabus, as people read it."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.level import has_level, level_rows
from mann_bench.reporting.naming import own_training_notes, row_labels
from mann_bench.reporting.tables.table import INTERVALS, ONE_SEED, Table, estimate_text


def level_table(cells: Sequence[Cell]) -> Table | None:
    """Return the table of the levels reached; None where no syllabus has any."""
    made = [cell for cell in cells if has_level(cell)]
    if not made:
        return None
    rows = [
        [
            row.task,
            label,
            row.syllabus,
            estimate_text(row.level, "-"),
            f"{row.greatest:,.0f}",
            row.by_seed,
            f"{row.steps:,.0f}",
            "-" if row.symbols is None else f"{row.symbols:,.0f}",
        ]
        for row, label in zip(level_rows(made), row_labels(made), strict=True)
    ]
    return Table(
        "Level reached",
        ["task", "model", "syllabus", "level", "greatest", "by seed", "steps", "symbols"],
        rows,
        [
            "level: where the curriculum point stood at the last evaluation, the median over seeds; of sizes with "
            "several numbers their product; a run that failed before it counts as 0",
            "greatest: the level of the greatest training size; steps, symbols: medians of what was trained on",
            INTERVALS,
            *([ONE_SEED] if any(len(cell.records) == 1 for cell in made) else []),
            *own_training_notes(made),
        ],
    )
