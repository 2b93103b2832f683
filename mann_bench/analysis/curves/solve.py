"""Solve curves: the share of seeds that have converged, or generalise, against training steps."""

from typing import NamedTuple

from mann_bench.analysis.curves.groups import DrawnCell, Group, Subject
from mann_bench.analysis.measures import Unit, convergence_durations, generalization_durations, probed
from mann_bench.statistics.survival import Durations, kaplan_meier


class Censored(NamedTuple):
    """A step at which the observation of runs ended that had not converged, and the share solved then."""

    step: float
    share: float


class SolveLine(NamedTuple):
    """A step function of a cell: `shares` holds from each of `steps` on, from 0 to the budget."""

    label: str
    style: int
    seeds: int
    solved: int
    budget: float
    steps: tuple[float, ...]
    shares: tuple[float, ...]
    censored: tuple[Censored, ...]


class SolveFigure(NamedTuple):
    """The solve curves of one task."""

    subject: Subject
    lines: tuple[SolveLine, ...]


def solve_figure(group: Group) -> SolveFigure:
    """Return the solve curves of a task: 1 - the Kaplan-Meier estimate of not having converged."""
    return SolveFigure(
        group.subject, tuple(_line(drawn, convergence_durations(drawn.cell, Unit.STEPS)) for drawn in group.cells)
    )


def generalizing_figure(group: Group) -> SolveFigure | None:
    """Return the share of seeds that master the longest size of the probe from some step on, None without a probe."""
    cells = [drawn for drawn in group.cells if probed(drawn.cell)]
    lines = tuple(_line(drawn, generalization_durations(drawn.cell)) for drawn in cells)
    return SolveFigure(group.subject, lines) if lines else None


def _line(drawn: DrawnCell, durations: Durations) -> SolveLine:
    curve = kaplan_meier(durations)
    steps, shares = (0.0, *curve.times.tolist()), (0.0, *(1 - curve.survival).tolist())
    ended = sorted({time for time, reached in zip(durations.times, durations.reached, strict=True) if not reached})
    return SolveLine(
        drawn.label,
        drawn.style,
        len(durations.times),
        sum(durations.reached),
        durations.horizon,
        steps,
        shares,
        tuple(Censored(end, max(s for step, s in zip(steps, shares, strict=True) if step <= end)) for end in ended),
    )
