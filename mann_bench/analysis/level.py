"""The level reached: where the curriculum point of a syllabus stood when a run ended."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.rows import CellRow
from mann_bench.core.sizes import size_text
from mann_bench.results.schema import Record
from mann_bench.statistics.interval import Estimate
from mann_bench.statistics.medians import median_estimate


@dataclass(frozen=True, kw_only=True)
class LevelRow(CellRow):
    """The level that the seeds of a cell reached: a number, or of sizes with several the product of these.

    `greatest` is that of the greatest training size, `steps` and `symbols` are the medians of what the runs trained on.
    """

    syllabus: str
    seeds: int
    level: Estimate
    greatest: float
    by_seed: str
    steps: float
    symbols: float | None


def level_rows(cells: Sequence[Cell]) -> list[LevelRow]:
    """Return one row a cell whose syllabus has a curriculum point."""
    return [_row(cell) for cell in cells if has_level(cell)]


def has_level(cell: Cell) -> bool:
    """Tell whether a cell ran under a syllabus with a curriculum point."""
    return any(_point(record) for record in cell.records)


def level(record: Record) -> float:
    """Return the level that a run reached; 0 of one that failed before any was measured, the worst of all."""
    return _number(point) if (point := _point(record)) else 0.0


def _row(cell: Cell) -> LevelRow:
    first = next(record.syllabus for record in cell.records if record.syllabus and _point(record))
    symbols = [each for record in cell.records if (each := _symbols(record)) is not None]
    return LevelRow(
        task=cell.task,
        model=cell.model,
        protocol=cell.protocol,
        origin=cell.origin,
        syllabus=first.rule.text,
        seeds=len(cell.records),
        level=median_estimate([level(record) for record in cell.records]),
        greatest=max(map(_number, first.sizes)),
        by_seed="; ".join(f"{record.seed}: {_text(record)}" for record in cell.records),
        steps=median_estimate([record.steps for record in cell.records]).value,
        symbols=median_estimate(symbols).value if symbols else None,
    )


def _point(record: Record) -> dict[str, int] | None:
    """Return the curriculum point at the last evaluation; None where there is none."""
    course = record.syllabus.course if record.syllabus else []
    return course[-1].point if course else None


def _number(size: dict[str, int]) -> float:
    return float(math.prod(size.values()))


def _text(record: Record) -> str:
    point = _point(record)
    return size_text(point) if point else "none"


def _symbols(record: Record) -> int | None:
    return record.curve[-1].symbols if record.curve else None
