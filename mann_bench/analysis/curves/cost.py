"""Error and generalisation against what a model costs: its parameters, the bytes of its state, seconds of training."""

import math
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.curves.groups import DrawnCell, Group, Subject
from mann_bench.analysis.curves.lengths import LengthFigure, LengthLine
from mann_bench.analysis.measures import Unit, convergence_durations
from mann_bench.analysis.probe import generalizing
from mann_bench.statistics.interval import Estimate
from mann_bench.statistics.medians import survival_median


class Cost(NamedTuple):
    """What a cell costs.

    Attributes:
        parameters: that are trained; None where no run knows.
        state: bytes of the recurrent state of one sequence; None where no run knows, or there is no state.
        seconds: of training until convergence, Kaplan-Meier median; of the longest run where that is not reached.
        reached: whether it is.
    """

    parameters: int | None
    state: int | None
    seconds: float
    reached: bool


class CostPoint(NamedTuple):
    """A cell: what it costs, and what it is worth."""

    label: str
    style: int
    seeds: int
    cost: Cost
    error: Estimate | None
    """Score at the longest size, median over all seeds; None where no run was tested."""
    generalizing: Estimate | None
    """Share of the seeds, exact interval; None where generalisation was not measured over training."""


class CostFigure(NamedTuple):
    """Error and generalisation against cost, of one task."""

    subject: Subject
    floor: float
    """Least score that is told apart."""
    size: str
    """The longest size of the test."""
    points: tuple[CostPoint, ...]

    @property
    def generalizes(self) -> bool:
        """Whether generalisation was measured over training for any cell."""
        return any(point.generalizing for point in self.points)


def cost_figure(group: Group, lengths: LengthFigure) -> CostFigure:
    """Return error and generalisation against cost of a task, whose error at each size is known."""
    size = next(line.points[-1].size for line in lengths.lines if line.points)
    points = tuple(_point(drawn, line) for drawn, line in zip(group.cells, lengths.lines, strict=True))
    return CostFigure(group.subject, lengths.floor, size, points)


def _point(drawn: DrawnCell, line: LengthLine) -> CostPoint:
    share = found.generalizing if (found := generalizing(drawn.cell)) else None
    return CostPoint(
        drawn.label,
        drawn.style,
        len(drawn.cell.records),
        _cost(drawn.cell),
        line.points[-1].estimate if line.points else None,
        Estimate(share.value, share.interval) if share else None,
    )


def _cost(cell: Cell) -> Cost:
    durations = convergence_durations(cell, Unit.SECONDS)
    seconds = survival_median(durations).value
    parameters, state = (
        max(getattr(record, name) for record in cell.records) for name in ("parameters", "state_bytes")
    )
    reached = math.isfinite(seconds)
    return Cost(parameters or None, state or None, seconds if reached else durations.horizon, reached)
