"""Generalisation over training: the score at each size of the length grid against training steps, seed by seed."""

from typing import NamedTuple

from mann_bench.analysis.curves.groups import DrawnCell, Subject, bounded, chance, floor, in_training, training_range
from mann_bench.analysis.measures import beyond_capacity, generalizes_from, masters
from mann_bench.core.runs import Outcome
from mann_bench.core.sizes import Size, size_text
from mann_bench.results.schema import Record


class ProbePoint(NamedTuple):
    """One measurement of one seed at one size."""

    step: int
    score: float
    mastered: bool
    """Whether 99 % of the sequences were right, or where none can be, the task's rule was met."""


class ProbePanel(NamedTuple):
    """One size of the length grid."""

    size: str
    in_training: bool
    """Whether it was trained on; False where that is not known."""
    beyond_capacity: bool
    """Whether there is more to remember than the memory has slots."""
    chance: float | None
    """Score of the predictor whose logits are all 0; None where it is not known."""
    seeds: tuple[tuple[ProbePoint, ...], ...]
    """The measurements of each seed, in the order of the figure's seeds."""


class ProbeSeed(NamedTuple):
    """What became of one seed."""

    seed: int
    outcome: Outcome
    steps: int
    converged_at: int | None
    generalizes_from: int | None
    """Step from which it masters the longest size, and goes on to; None if never."""


class ProbeFigure(NamedTuple):
    """Generalisation over training, of one cell."""

    subject: Subject
    label: str
    floor: float
    """Least score that is told apart."""
    dimensions: tuple[str, ...]
    longest: str
    """The last size of the grid, whose mastery counts as generalising."""
    seeds: tuple[ProbeSeed, ...]
    panels: tuple[ProbePanel, ...]
    """Sizes that were trained on first, else in the order of the grid."""


def probe_figure(subject: Subject, drawn: DrawnCell) -> ProbeFigure | None:
    """Return generalisation over training of a cell, None where none of its runs was probed."""
    records = drawn.cell.records
    rows = [row for record in records for probe in record.probe for row in probe.rows]
    if not rows:
        return None
    sizes = {size_text(row.size): row.size for row in rows}
    panels = [_panel(drawn, size) for size in sizes.values()]
    return ProbeFigure(
        subject,
        drawn.label,
        floor(subject.below, max(row.sequences for row in rows)),
        tuple(rows[0].size),
        list(sizes)[-1],
        tuple(_seed(record) for record in records),
        tuple(sorted(panels, key=lambda panel: not panel.in_training)),
    )


def _seed(record: Record) -> ProbeSeed:
    return ProbeSeed(record.seed, record.outcome, record.steps, record.converged_first, generalizes_from(record))


def _panel(drawn: DrawnCell, size: Size) -> ProbePanel:
    records = drawn.cell.records
    return ProbePanel(
        size_text(size),
        in_training(size, training_range(records)),
        any(beyond_capacity(record, size) for record in records),
        chance(records, size, drawn.cell.rule.metric),
        tuple(_points(record, size) for record in records),
    )


def _points(record: Record, size: Size) -> tuple[ProbePoint, ...]:
    rule = record.convergence
    return tuple(
        ProbePoint(probe.step, bounded(row.scores[rule.metric]), masters(row.scores, rule))
        for probe in record.probe
        for row in probe.rows
        if row.size == size
    )
