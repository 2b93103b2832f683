"""The tables of the levels reached under a syllabus, as people read them."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.level import LevelRow, ReachedRow, level_rows, reached_by_cell
from mann_bench.analysis.level_measures import has_level, reached
from mann_bench.reporting.naming import own_training_notes, row_labels
from mann_bench.reporting.tables.table import INTERVALS, SHARES, Table, estimate_text, one_seed_notes, share_text

MOST_LEVELS = 24
"""Levels of a model that a table for people has; `reached_by_cell` has all."""


def level_table(cells: Sequence[Cell]) -> Table | None:
    """Return the table of the levels reached; None where no syllabus has any."""
    made = [cell for cell in cells if has_level(cell)]
    if not made:
        return None
    rows = level_rows(made)
    ended_early = any(least < most for cell in made for least, most in map(reached, cell.records))
    return Table(
        "Level reached",
        ["task", "model", "syllabus", "level", "least to most", "greatest", "by seed", "steps", "symbols"],
        [_level_texts(row, label) for row, label in zip(rows, row_labels(made), strict=True)],
        [
            "level: the greatest at which the curriculum point stood at an evaluation, the median over seeds; of sizes "
            "with several numbers their product; a run that failed before the first evaluation counts as 0",
            *(["or more: the run had converged, and ended before its budget"] if ended_early else []),
            "greatest: the level of the greatest training size; steps, symbols: medians of what was trained on",
            INTERVALS,
            *_common_notes(made),
        ],
    )


def reached_table(cells: Sequence[Cell]) -> Table | None:
    """Return the table of the training until each level; None where no run got beyond the level that it began with."""
    made = [cell for cell in cells if has_level(cell)]
    by_cell = reached_by_cell(made)
    most = max(map(len, by_cell), default=0)
    if not most:
        return None
    return Table(
        "Training until each level",
        ["task", "model", "level", "reached", "steps", "seconds"],
        [
            _reached_texts(row, label)
            for rows, label in zip(by_cell, row_labels(made), strict=True)
            for row in _thinned(rows)
        ],
        [
            "reached: seeds that stood at the level or above it at an evaluation; steps, seconds: Kaplan-Meier median "
            "of training until the first such evaluation; the level that runs begin with is left out",
            *([f"{MOST_LEVELS} of {most} levels are shown: csv and json have all"] if most > MOST_LEVELS else []),
            INTERVALS,
            SHARES,
            *_common_notes(made),
        ],
    )


def _level_texts(row: LevelRow, label: str) -> list[str]:
    return [
        row.task,
        label,
        row.syllabus,
        estimate_text(row.level, "-"),
        f"{row.lowest:,.0f} to {row.highest:,.0f}",
        f"{row.greatest:,.0f}",
        row.by_seed,
        f"{row.steps:,.0f}",
        "-" if row.symbols is None else f"{row.symbols:,.0f}",
    ]


def _reached_texts(row: ReachedRow, label: str) -> list[str]:
    return [
        row.task,
        label,
        f"{row.level:,}",
        share_text(row.reached),
        estimate_text(row.steps.estimate, f"> {row.steps.budget:,.0f}"),
        estimate_text(row.seconds.estimate, f"> {row.seconds.budget:,.1f}", digits=1),
    ]


def _thinned(rows: Sequence[ReachedRow]) -> list[ReachedRow]:
    """Return so many rows at most, evenly spaced, the highest level among them."""
    over = max(len(rows), MOST_LEVELS)
    return [row for place, row in enumerate(rows, 1) if place * MOST_LEVELS // over > (place - 1) * MOST_LEVELS // over]


def _common_notes(made: Sequence[Cell]) -> list[str]:
    return [*one_seed_notes(made), *own_training_notes(made)]
