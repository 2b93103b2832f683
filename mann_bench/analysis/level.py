"""The level reached: how high the curriculum point of a syllabus stood, and the training until each level."""

from collections.abc import Sequence
from dataclasses import dataclass

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.convergence import Training, tells_symbols
from mann_bench.analysis.level_measures import greatest_level, has_level, median_level, reached, rows_at
from mann_bench.analysis.measures import Unit, durations_until
from mann_bench.analysis.rows import CellRow, Share
from mann_bench.core.sizes import size_text
from mann_bench.results.climb import climb
from mann_bench.results.schema import Record
from mann_bench.statistics.interval import Estimate
from mann_bench.statistics.medians import median_estimate


@dataclass(frozen=True, kw_only=True)
class LevelRow(CellRow):
    """The level that the seeds of a cell reached: a number, or of sizes with several the product of these.

    `lowest` and `highest` are those of single seeds, `greatest` is that of the greatest training size. `steps` and
    `symbols` are the medians of what the runs trained on.
    """

    syllabus: str
    seeds: int
    level: Estimate
    lowest: float
    highest: float
    greatest: float
    by_seed: str
    steps: float
    symbols: float | None


@dataclass(frozen=True, kw_only=True)
class ReachedRow(CellRow):
    """How many seeds of a cell reached a level, and how much training that took.

    Attributes:
        symbols: in input rows, time steps times sequences; None where records do not tell.
    """

    syllabus: str
    level: int
    seeds: int
    reached: Share
    steps: Training
    sequences: Training
    seconds: Training
    symbols: Training | None = None


def level_rows(cells: Sequence[Cell]) -> list[LevelRow]:
    """Return one row a cell whose syllabus has a curriculum point."""
    return [_level_row(cell) for cell in cells if has_level(cell)]


def reached_rows(cells: Sequence[Cell]) -> list[ReachedRow]:
    """Return one row a cell and level, as of `reached_by_cell`."""
    return [row for rows in reached_by_cell(cells) for row in rows]


def reached_by_cell(cells: Sequence[Cell]) -> list[list[ReachedRow]]:
    """Return for each cell a row a level: every level above the first that any run of its task and protocol reached.

    A run that did not reach it stays in the statistics, as censored. A cell without a curriculum point has no row.
    """
    found: dict[tuple[str, str], set[int]] = {}
    for cell in cells:
        above = (rise.level for record in cell.records for rise in climb(record)[1:])
        found.setdefault((cell.task, cell.protocol), set()).update(above)
    return [_reached_rows(cell, sorted(found[cell.task, cell.protocol])) if has_level(cell) else [] for cell in cells]


def _level_row(cell: Cell) -> LevelRow:
    levels = [reached(record).least for record in cell.records]
    symbols = [each for record in cell.records if (each := _symbols(record)) is not None]
    median = median_level(cell)
    return LevelRow(
        **cell.columns,
        syllabus=_syllabus(cell),
        seeds=len(cell.records),
        level=Estimate(median.low, median.interval),
        lowest=float(min(levels)),
        highest=float(max(levels)),
        greatest=float(max(map(greatest_level, cell.records))),
        by_seed="; ".join(f"{record.seed}: {_text(record)}" for record in cell.records),
        steps=median_estimate([record.steps for record in cell.records]).value,
        symbols=median_estimate(symbols).value if symbols else None,
    )


def _reached_rows(cell: Cell, levels: Sequence[int]) -> list[ReachedRow]:
    """Return a row of a cell for each level."""
    syllabus, units = _syllabus(cell), [unit for unit in Unit if unit is not Unit.SYMBOLS or tells_symbols(cell)]
    made = []
    for level in levels:
        rows = rows_at(cell, level)
        reached = Share.of(sum(row is not None for row in rows), len(rows))
        training = {unit.value: Training.of(durations_until(cell, unit, rows)) for unit in units}
        made.append(
            ReachedRow(**cell.columns, syllabus=syllabus, level=level, seeds=len(rows), reached=reached, **training)
        )
    return made


def _syllabus(cell: Cell) -> str:
    return next(record.syllabus.rule.text for record in cell.records if record.syllabus)


def _text(record: Record) -> str:
    """Return the point at which a run stood highest, and whether it ended when it could have got further."""
    rises, (least, most) = climb(record), reached(record)
    return f"{size_text(rises[-1].point)}{' or more' * (most > least)}" if rises else "none"


def _symbols(record: Record) -> int | None:
    return record.curve[-1].symbols if record.curve else None
