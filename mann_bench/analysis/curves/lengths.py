"""Error against length: the score of a task's rule on the test stream at each size of its length grid."""

from typing import NamedTuple

from mann_bench.analysis.curves.groups import DrawnCell, Group, Subject, chance, floor, in_training, training_range
from mann_bench.analysis.measures import beyond_capacity, scores_at, test_sizes
from mann_bench.core.sizes import size_text
from mann_bench.statistics.interval import Estimate
from mann_bench.statistics.medians import curve_estimates


class GridSize(NamedTuple):
    """A size of the length grid."""

    text: str
    size: dict[str, int]
    in_training: bool
    """Whether it was trained on; False where that is not known."""
    chance: float | None
    """Score of the predictor whose logits are all 0; None where it is not known."""


class LengthPoint(NamedTuple):
    """A cell at one size, given by its text."""

    size: str
    estimate: Estimate
    """Median over all seeds; one that was not tested is worse than any."""
    beyond_capacity: bool
    """Whether there is more to remember than the memory has slots."""


class LengthLine(NamedTuple):
    """A cell over the sizes at which it was tested."""

    label: str
    style: int
    seeds: int
    tested: int
    points: tuple[LengthPoint, ...]


class LengthFigure(NamedTuple):
    """Error against length, of one task."""

    subject: Subject
    floor: float
    """Least score that is told apart."""
    sizes: tuple[GridSize, ...]
    """In the order of the grid."""
    training_range: dict[str, tuple[int, int]]
    """Least and greatest training size, by dimension; empty where it is not known."""
    lines: tuple[LengthLine, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the numbers of a size. Versions of a task may differ in them; then it is all names of any size."""
        return tuple(dict.fromkeys(name for size in self.sizes for name in size.size))


def length_figure(group: Group) -> LengthFigure | None:
    """Return error against length of a task, None where no run was tested."""
    records = [record for drawn in group.cells for record in drawn.cell.records]
    rows = [row for record in records for row in record.generalization]
    if not rows:
        return None
    ranges = training_range(records)
    sizes = {size_text(row.size): row.size for row in rows}
    return LengthFigure(
        group.subject,
        floor(group.subject.below, max(row.sequences for row in rows)),
        tuple(
            GridSize(text, size, in_training(size, ranges), chance(records, size, group.subject.metric))
            for text, size in sizes.items()
        ),
        ranges,
        tuple(map(_line, group.cells)),
    )


def _line(drawn: DrawnCell) -> LengthLine:
    records, sizes = drawn.cell.records, test_sizes(drawn.cell)
    scores = [scores_at(record, sizes, drawn.cell.rule.metric) for record in records]
    points = tuple(
        LengthPoint(size_text(size), estimate, any(beyond_capacity(record, size) for record in records))
        for size, estimate in zip(sizes, curve_estimates(scores) if sizes else [], strict=True)
    )
    tested = sum(bool(record.generalization) for record in records)
    return LengthLine(drawn.label, drawn.style, len(records), tested, points)
