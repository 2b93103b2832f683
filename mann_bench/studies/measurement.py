"""Measure what a claim is about, from the records of its cells alone."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.level_measures import level_ratio, median_level
from mann_bench.analysis.measures import (
    Unit,
    convergence_durations,
    generalization_durations,
    of_sequences,
    or_worst,
    sequences_estimate,
)
from mann_bench.analysis.target import on_target
from mann_bench.core.runs import Outcome
from mann_bench.results.schema import Record
from mann_bench.statistics.interval import LEVEL, Interval
from mann_bench.statistics.medians import median_estimate, survival_median
from mann_bench.statistics.permutation import Comparison, stratified_log_rank_test
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.statistics.ratio import median_ratio
from mann_bench.statistics.survival import Durations, first_share
from mann_bench.studies.schema import Claim, ClaimMetric


class Count(NamedTuple):
    """How many of the runs that a rate is of."""

    successes: int
    runs: int


class Measurement(NamedTuple):
    """What records say about a claim.

    Attributes:
        low, high: the figure, as far as censoring lets it be known; equal where it is. `high` is inf where only a
            lower bound is known, as of a median beyond the budget. A level could be more where a run ended, converged,
            within its budget.
        interval: over seeds, or of a score in which the model has no part, over the sequences that all seeds share;
            None where one seed tells nothing about the spread, or where records do not tell that over the sequences,
            and of an order.
        counted: of a rate, the runs of all its cells; None of what is no rate.
        test: of an order, the test that decides it; None of all else.
    """

    low: float
    high: float
    interval: Interval | None
    counted: Count | None = None
    test: Comparison | None = None


class UnmeasurableError(Exception):
    """The records of a claim are all there, and yet it has no figure."""


class ClaimCells(NamedTuple):
    """The complete cells of a claim, as `judged_cell` returns them: of its models, and of what these are compared with.

    Those are by task. The level is the least that the interval is to have.
    """

    model: Sequence[Cell]
    against: Sequence[Sequence[Cell]]
    level: float = LEVEL


def judged_cell(claim: Claim, cell: Cell) -> Cell:
    """Return a cell with convergence judged as a claim asks; raises UnmeasurableError where records do not tell it."""
    if not claim.on_target:
        return cell
    if untold := sum(not record.tells_target for record in cell.records):
        raise UnmeasurableError(
            f"{untold:,} of {len(cell.records):,} records of {cell.model} on {cell.task} do not tell when the greatest "
            "training size alone was learned, as those of earlier versions; do their runs again with --fresh"
        )
    return cell._replace(records=[on_target(record) for record in cell.records])


def measure(claim: Claim, cells: ClaimCells) -> Measurement:
    """Return the figure that a claim is about; raises UnmeasurableError."""
    return _MEASURES[claim.metric](claim, cells)


def _speed_ratio(claim: Claim, cells: ClaimCells) -> Measurement:
    numerators = [[convergence_durations(cell, Unit.STEPS) for cell in row] for row in cells.against]
    denominators = [convergence_durations(cell, Unit.STEPS) for cell in cells.model]
    if any(0 in durations.times for durations in denominators):
        raise UnmeasurableError(f"a run of {claim.model} had converged before it trained, so no ratio is defined")
    return Measurement(*median_ratio(numerators, denominators, cells.level))


def _faster(claim: Claim, cells: ClaimCells) -> Measurement:
    """Return in which share of the pairs of runs, one of each side, that of the model converges first; of all tasks."""
    pairs = faster_pairs(cells)
    share = math.fsum(first_share(*pair) for pair in pairs) / len(pairs)
    return Measurement(share, share, None, test=stratified_log_rank_test(pairs))


def faster_pairs(cells: ClaimCells) -> list[tuple[Durations, Durations]]:
    """Return the steps of the model and of what it is compared with, task by task."""
    pairs = zip(cells.model, (cell for (cell,) in cells.against), strict=True)
    return [
        (convergence_durations(first, Unit.STEPS), convergence_durations(second, Unit.STEPS)) for first, second in pairs
    ]


def _convergence(claim: Claim, cells: ClaimCells) -> Measurement:
    durations = convergence_durations(cells.model[0], Unit.STEPS)
    # All that is known of a median that was not reached is that it lies beyond the budget, however little.
    beyond = math.nextafter(durations.horizon, math.inf)
    value, interval = survival_median(durations, cells.level)
    if interval is not None:
        interval = interval._replace(low=min(interval.low, beyond))
    return Measurement(min(value, beyond), value, interval)


def _solve_rate(claim: Claim, cells: ClaimCells) -> Measurement:
    return _rate([convergence_durations(cell, Unit.STEPS).reached for cell in cells.model], cells.level)


def _divergence_rate(claim: Claim, cells: ClaimCells) -> Measurement:
    if failed := sum(record.outcome is Outcome.FAILED for cell in cells.model for record in cell.records):
        raise UnmeasurableError(f"{failed:,} of its runs failed: whether they would have diverged is not known")
    diverged = [[record.outcome is Outcome.DIVERGED for record in cell.records] for cell in cells.model]
    return _rate(diverged, cells.level)


def _generalizing_rate(claim: Claim, cells: ClaimCells) -> Measurement:
    return _rate([generalization_durations(cell).reached for cell in cells.model], cells.level)


def _rate(cells: Sequence[Sequence[bool]], level: float) -> Measurement:
    """Return the share over the runs of all cells. Where their rates differ, the interval covers the mean of them.

    It does so with its level all the same: of runs of unequal rates the count is spread less than of equal ones.
    Source: Hoeffding 1956, "On the distribution of the number of successes in independent trials",
    https://doi.org/10.1214/aoms/1177728178
    """
    count = Count(sum(map(sum, cells)), sum(map(len, cells)))
    share = count.successes / count.runs
    one_seed = min(map(len, cells)) == 1
    return Measurement(share, share, None if one_seed else clopper_pearson(*count, level), count)


def _test_score(claim: Claim, cells: ClaimCells) -> Measurement:
    tested = [[row for row in record.generalization if row.size == claim.size] for record in _records(cells)]
    assert claim.score is not None
    if of_sequences(claim.score, rows := [row for of_run in tested for row in of_run]):
        value, interval = sequences_estimate(claim.score, rows, cells.level)
        return Measurement(value, value, interval)
    return _median_score(claim, [of_run[0].scores if of_run else None for of_run in tested], cells.level)


def _training_score(claim: Claim, cells: ClaimCells) -> Measurement:
    assert claim.sequences is not None
    steps = claim.sequences / cells.model[0].batch_size
    return _median_score(claim, [_scores_after(steps, record) for record in _records(cells)], cells.level)


def _level(claim: Claim, cells: ClaimCells) -> Measurement:
    return Measurement(*median_level(cells.model[0], cells.level))


def _level_ratio(claim: Claim, cells: ClaimCells) -> Measurement:
    return Measurement(*level_ratio(cells.model, cells.against, cells.level))


def _scores_after(steps: float, record: Record) -> Mapping[str, float] | None:
    """Return the last scores up to then; None of a run that broke off before."""
    broke_off = record.outcome.broke_off and record.steps < steps
    rows = [row for row in record.curve if row.step <= steps]
    return rows[-1].scores if rows and not broke_off else None


def _records(cells: ClaimCells) -> Sequence[Record]:
    return cells.model[0].records


def _median_score(claim: Claim, scores: Iterable[Mapping[str, float] | None], level: float) -> Measurement:
    """Return the median over seeds; a run without the score, or with one that is no number, counts as worst."""
    assert claim.score is not None
    found = [None if each is None else each.get(claim.score) for each in scores]
    median = median_estimate([or_worst(claim.score, each) for each in found], level)
    return Measurement(median.value, median.value, None if of_sequences(claim.score) else median.interval)


_MEASURES: dict[ClaimMetric, Callable[[Claim, ClaimCells], Measurement]] = {
    ClaimMetric.SPEED_RATIO: _speed_ratio,
    ClaimMetric.FASTER: _faster,
    ClaimMetric.CONVERGENCE: _convergence,
    ClaimMetric.SOLVE_RATE: _solve_rate,
    ClaimMetric.DIVERGENCE_RATE: _divergence_rate,
    ClaimMetric.GENERALIZING_RATE: _generalizing_rate,
    ClaimMetric.TEST_SCORE: _test_score,
    ClaimMetric.TRAINING_SCORE: _training_score,
    ClaimMetric.LEVEL: _level,
    ClaimMetric.LEVEL_RATIO: _level_ratio,
}
