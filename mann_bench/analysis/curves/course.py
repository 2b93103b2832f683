"""The course of a syllabus: which sizes were trained on, and where the curriculum point stood."""

from typing import NamedTuple

from mann_bench.analysis.curves.groups import DrawnCell, Subject
from mann_bench.core.sizes import size_text
from mann_bench.results.schema import CourseRow, Record


class CourseSeed(NamedTuple):
    """The curriculum point of one seed, at each of its evaluations."""

    seed: int
    steps: tuple[int, ...]
    places: tuple[int | None, ...]
    """Which of the figure's sizes the point is, counted from 0; None where the rule has no point."""


class CourseFigure(NamedTuple):
    """The course of a syllabus, of one cell."""

    subject: Subject
    label: str
    rule: str
    """The syllabus."""
    dimensions: tuple[str, ...]
    sizes: tuple[str, ...]
    """Training sizes, as the task orders them."""
    steps: tuple[int, ...]
    """Evaluations of any seed, from step 0 on."""
    shares: tuple[tuple[float | None, ...], ...]
    """For each interval between two evaluations the share of the batches at each size, over all seeds; None of none."""
    seeds: tuple[CourseSeed, ...]


def course_figure(subject: Subject, drawn: DrawnCell) -> CourseFigure | None:
    """Return the course of a cell's syllabus, None where its runs had none or drew nothing."""
    records = [record for record in drawn.cell.records if record.syllabus and record.syllabus.sizes]
    if not records or not records[0].syllabus:
        return None
    sizes = records[0].syllabus.sizes
    steps = sorted({0, *(row.step for record in records for row in _course(record))})
    counts = [_counts(records, step, len(sizes)) for step in steps[1:]]
    if not any(map(sum, counts)):
        return None
    return CourseFigure(
        subject,
        drawn.label,
        records[0].syllabus.rule.text,
        tuple(sizes[0]),
        tuple(map(size_text, sizes)),
        tuple(steps),
        tuple(tuple(count / sum(row) if sum(row) else None for count in row) for row in counts),
        tuple(_seed(record) for record in records),
    )


def _course(record: Record) -> list[CourseRow]:
    return record.syllabus.course if record.syllabus else []


def _counts(records: list[Record], step: int, sizes: int) -> list[int]:
    """Return how many batches of each size were drawn up to an evaluation since the one before."""
    rows = [row.drawn for record in records for row in _course(record) if row.step == step]
    return [sum(column) for column in zip(*rows, strict=True)] or [0] * sizes


def _seed(record: Record) -> CourseSeed:
    course, sizes = _course(record), record.syllabus.sizes if record.syllabus else []
    places = tuple(None if row.point is None else sizes.index(row.point) for row in course)
    return CourseSeed(record.seed, tuple(row.step for row in course), places)
