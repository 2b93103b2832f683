"""The climb of a run under a syllabus with a curriculum point: where the point stood higher than ever before."""

import math
from typing import NamedTuple

from mann_bench.core.sizes import Size
from mann_bench.results.schema import Record


class Rise(NamedTuple):
    """An evaluation after which the curriculum point stood higher than after all before it.

    Attributes:
        step: training steps done.
        level: of the point, as of `level_of`.
        point: the curriculum point.
    """

    step: int
    level: int
    point: Size


def level_of(size: Size) -> int:
    """Return the level that a curriculum point stands for: its number, or where it has several their product."""
    return math.prod(size.values())


def climb(record: Record) -> list[Rise]:
    """Return where a run reached a new level, in rising order, from the level that it began with.

    Empty of a run without a curriculum point, and of one that failed before its first evaluation.
    """
    rises: list[Rise] = []
    for row in record.syllabus.course if record.syllabus else []:
        if row.point is not None and (not rises or level_of(row.point) > rises[-1].level):
            rises.append(Rise(row.step, level_of(row.point), row.point))
    return rises
