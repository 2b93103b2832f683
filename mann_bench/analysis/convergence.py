"""Convergence: how many seeds of a cell meet the task's rule, and after how much training."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import Unit, convergence_durations, final_scores
from mann_bench.analysis.rows import MERGED, CellRow, Share
from mann_bench.analysis.target import on_target
from mann_bench.analysis.tuned import Tuned
from mann_bench.core.runs import Outcome
from mann_bench.statistics.interval import Estimate
from mann_bench.statistics.medians import median_estimate, survival_median
from mann_bench.statistics.survival import Durations, quantile, restricted_mean


@dataclass(frozen=True, kw_only=True)
class Training:
    """Training until something in one unit: the Kaplan-Meier median and quartiles; inf beyond the budget."""

    estimate: Estimate = field(metadata=MERGED)
    lower_quartile: float
    upper_quartile: float
    restricted_mean: float
    budget: float

    @classmethod
    def of(cls, durations: Durations) -> "Training":
        """Sum up how long the seeds of a cell took."""
        return cls(
            estimate=survival_median(durations),
            lower_quartile=quantile(durations, 0.25),
            upper_quartile=quantile(durations, 0.75),
            restricted_mean=restricted_mean(durations),
            budget=durations.horizon,
        )


@dataclass(frozen=True, kw_only=True)
class TargetConvergence:
    """What the seeds of a cell took to meet the rule on the greatest training size alone.

    A run ends by its protocol: one that had not met it by then is censored there.
    """

    solved: Share
    steps: Training
    symbols: Training | None = None


@dataclass(frozen=True, kw_only=True)
class ConvergenceRow(CellRow):
    """What the seeds of a cell took to meet the rule of its task, and its score at the last evaluation.

    Attributes:
        parameters: those that are trained; None where no run knows.
        all_parameters: with those that are not; None where records do not tell.
        symbols: in input rows, time steps times sequences; None where records do not tell.
        target: on the greatest training size alone; None where records do not tell.
        own_training: the methods by which a model was trained in its own way, not as the protocol says; None of most.
        own_hooks: the hooks of Lightning that a model has of its own; None of most.
        tuned: how the learning rate was tuned; None where it was not.
    """

    backend: str
    parameters: int | None
    all_parameters: int | None = None
    metric: str
    below: float
    seeds: int
    solved: Share
    steps: Training
    sequences: Training
    seconds: Training
    final: Estimate
    diverged: int
    failed: int
    symbols: Training | None = None
    target: TargetConvergence | None = None
    own_training: str | None = None
    own_hooks: str | None = None
    tuned: Tuned | None = None


def convergence_rows(cells: Sequence[Cell]) -> list[ConvergenceRow]:
    """Return one row a cell: solved seeds, training until convergence in each unit, and the final score.

    A run counts as solved once it has met the task's rule, also where it diverged later. Runs that did not
    meet it stay in the statistics, as censored.
    """
    return [convergence_row(cell) for cell in cells]


def convergence_row(cell: Cell) -> ConvergenceRow:
    """Return the row of a cell, as of `convergence_rows`."""
    records = cell.records
    known = [record.all_parameters for record in records if record.all_parameters is not None]
    return ConvergenceRow(
        **cell.columns,
        backend=", ".join(backends(cell)),
        parameters=max(record.parameters for record in records) or None,
        all_parameters=max(known, default=None),
        metric=cell.rule.metric,
        below=cell.rule.below,
        seeds=len(records),
        solved=_solved(cell),
        steps=_until_converged(cell, Unit.STEPS),
        sequences=_until_converged(cell, Unit.SEQUENCES),
        seconds=_until_converged(cell, Unit.SECONDS),
        final=median_estimate(final_scores(cell)),
        diverged=_count(cell, Outcome.DIVERGED),
        failed=_count(cell, Outcome.FAILED),
        symbols=_symbols(cell),
        target=_target(cell),
        own_training=", ".join(cell.own_training) or None,
        own_hooks=", ".join(cell.own_hooks) or None,
        tuned=cell.tuned,
    )


def backends(cell: Cell) -> list[str]:
    """Return how the runs of a cell were computed, those that did anything."""
    return sorted({str(record.backend) for record in cell.records if record.curve})


def _solved(cell: Cell) -> Share:
    return Share.of(sum(record.converged_first is not None for record in cell.records), len(cell.records))


def tells_symbols(cell: Cell) -> bool:
    """Tell whether the records of a cell hold its training in symbols."""
    rows = [row for record in cell.records for row in record.curve]
    return bool(rows) and all(row.symbols is not None for row in rows)


def _symbols(cell: Cell) -> Training | None:
    return _until_converged(cell, Unit.SYMBOLS) if tells_symbols(cell) else None


def _target(cell: Cell) -> TargetConvergence | None:
    if not any(record.curve for record in cell.records) or not all(record.tells_target for record in cell.records):
        return None
    judged = cell._replace(records=[on_target(record) for record in cell.records])
    return TargetConvergence(
        solved=_solved(judged), steps=_until_converged(judged, Unit.STEPS), symbols=_symbols(judged)
    )


def _until_converged(cell: Cell, unit: Unit) -> Training:
    return Training.of(convergence_durations(cell, unit))


def _count(cell: Cell, outcome: Outcome) -> int:
    return sum(record.outcome is outcome for record in cell.records)
