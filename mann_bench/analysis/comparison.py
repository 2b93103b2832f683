"""Two models beside each other on every task that both ran: the ratio of their speeds, and a permutation test."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import Unit, convergence_durations
from mann_bench.analysis.rows import Row
from mann_bench.core.errors import UsageError, nearest
from mann_bench.core.variants import Variant
from mann_bench.statistics.permutation import Comparison, log_rank_test
from mann_bench.statistics.ratio import Ratio, median_ratio
from mann_bench.statistics.survival import median, restricted_mean


@dataclass(frozen=True, kw_only=True)
class ComparisonRow(Row):
    """Two models on one task under one protocol.

    Attributes:
        first_seeds, second_seeds: how many each has. They need not be the same: a seed is no pair, since training lets
            two models part that share one.
        first_steps_median, second_steps_median: Kaplan-Meier medians until convergence; inf beyond the budget.
        ratio: the median of the second over that of the first.
        difference: mean steps of the first less those of the second, what did not converge counted as the budget.
        test: of the steps until convergence.
    """

    task: str
    protocol: str
    first_seeds: int
    second_seeds: int
    first: str
    second: str
    first_origin: str
    second_origin: str
    first_steps_median: float
    second_steps_median: float
    budget_steps: float
    ratio: Ratio
    difference: float
    test: Comparison


def comparison_rows(cells: Sequence[Cell], first: str, second: str) -> list[ComparisonRow]:
    """Return one row a task and protocol that both models ran, from all seeds of each.

    Args:
        cells: as of `mann_bench.analysis.cells.cells`.
        first, second: models, as `run` takes them.

    Raises:
        UsageError: a model is not in the records, or the two share no task and protocol.
    """
    first, second = (_canonical(name, cells) for name in (first, second))
    rows = [_row(a, b) for a in cells for b in cells if a.model == first and b.model == second and _alike(a, b)]
    if not rows:
        raise UsageError(f"{first!r} and {second!r} have no task and protocol in common in these records.")
    return rows


def speed_ratio(first: Cell, second: Cell) -> Ratio:
    """Return the median steps until convergence of the second cell over those of the first."""
    ours, theirs = (convergence_durations(cell, Unit.STEPS) for cell in (first, second))
    # A model that met the rule untrained needed no time: nothing is a multiple of that.
    return Ratio(0.0, math.inf, None) if 0 in ours.times else median_ratio([[theirs]], [ours])


def _canonical(name: str, cells: Sequence[Cell]) -> str:
    """Return the text by which tables name the model that a user means; raises UsageError."""
    known = dict.fromkeys(cell.model for cell in cells)
    if name in known:
        return name
    variant = Variant.parse(name)
    for cell in cells:
        with contextlib.suppress(UsageError):  # what strangers wrote into a record may be no variant
            if variant.means(cell.model, cell.records[0].model.options):
                return cell.model
    raise UsageError(f"model {name!r} is not in these records.{nearest(name, known)} They have: {', '.join(known)}.")


def _alike(first: Cell, second: Cell) -> bool:
    return (first.task, first.protocol, first.rule) == (second.task, second.protocol, second.rule)


def _row(first: Cell, second: Cell) -> ComparisonRow:
    ours, theirs = (convergence_durations(cell, Unit.STEPS) for cell in (first, second))
    return ComparisonRow(
        task=first.task,
        protocol=first.protocol,
        first_seeds=len(ours.times),
        second_seeds=len(theirs.times),
        first=first.model,
        second=second.model,
        first_origin=first.origin,
        second_origin=second.origin,
        first_steps_median=median(ours),
        second_steps_median=median(theirs),
        budget_steps=ours.horizon,
        ratio=speed_ratio(first, second),
        difference=restricted_mean(ours) - restricted_mean(theirs),
        test=log_rank_test(ours, theirs),
    )
