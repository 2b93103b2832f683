"""Levels over training: how high the curriculum point of a syllabus stood, over seeds."""

import bisect
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeVar

from mann_bench.analysis.curves.groups import DrawnCell, Group, Subject
from mann_bench.analysis.curves.learning import LearningLine, quartile_line
from mann_bench.analysis.level_measures import greatest_level, has_level
from mann_bench.results.climb import climb, level_of
from mann_bench.results.schema import Record

T = TypeVar("T")

_WIDE = 32
"""From so many times the least level on, the greatest lies on a logarithmic axis with it."""


class LevelFigure(NamedTuple):
    """The levels of one task over training."""

    subject: Subject
    dimensions: tuple[str, ...]
    """What the sizes are called; the level is the product of several."""
    scale: Literal["linear", "log"]
    """Of the axis of levels."""
    least: int
    greatest: int
    """Levels of the least and the greatest training size."""
    lines: tuple[LearningLine, ...]
    """At each step at which a run of the cell reached a level, and at the last; each value holds until the next."""


def level_figure(group: Group) -> LevelFigure | None:
    """Return the levels of a task over training, None where no syllabus has a curriculum point.

    Every median is over all seeds: a run keeps the level that it reached to the end of the longest run of its cell,
    and one that failed before its first evaluation has level 0.
    """
    climbing = [drawn for drawn in group.cells if has_level(drawn.cell)]
    if not climbing:
        return None
    first = next(record for record in climbing[0].cell.records if record.syllabus)
    assert first.syllabus is not None
    least, greatest = min(map(level_of, first.syllabus.sizes)), greatest_level(first)
    return LevelFigure(
        group.subject,
        tuple(first.syllabus.sizes[0]),
        "log" if greatest >= _WIDE * least > 0 else "linear",
        least,
        greatest,
        tuple(map(_line, climbing)),
    )


def stairs(line: LearningLine) -> LearningLine:
    """Return the corners of a line whose values hold until the next step: two at each step, one at the first."""
    low, median, high = (_twice(levels)[:-1] for levels in (line.low, line.median, line.high))
    return line._replace(steps=_twice(line.steps)[1:], low=low, median=median, high=high)


def _twice(values: Sequence[T]) -> tuple[T, ...]:
    return tuple(each for value in values for each in (value, value))


def _line(drawn: DrawnCell) -> LearningLine:
    records = drawn.cell.records
    ends = max(record.steps for record in records)
    steps = sorted({ends, *(rise.step for record in records for rise in climb(record))})
    return quartile_line(drawn, steps, [_levels_at(record, steps) for record in records])


def _levels_at(record: Record, steps: Sequence[int]) -> list[float]:
    """Return the level that a run had reached at each step; 0 where it had none."""
    rises = climb(record)
    levels, at = [0, *(rise.level for rise in rises)], [rise.step for rise in rises]
    return [float(levels[bisect.bisect_right(at, step)]) for step in steps]
