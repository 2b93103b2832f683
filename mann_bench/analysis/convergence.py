"""Convergence: how many seeds of a cell meet the task's rule, and after how much training."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import Unit, convergence_durations, final_scores
from mann_bench.analysis.rows import Row, estimate_row, finite, share_row
from mann_bench.core.runs import Outcome
from mann_bench.statistics.bootstrap import median_estimate, survival_median
from mann_bench.statistics.survival import quantile, restricted_mean


def convergence_rows(cells: Sequence[Cell]) -> list[Row]:
    """Return one row a cell: solved seeds, training until convergence in each unit, and the final score.

    A run counts as solved once it has met the task's rule, also where it diverged later. Runs that did not
    meet it stay in the statistics, as censored.
    """
    return [convergence_row(cell) for cell in cells]


def convergence_row(cell: Cell) -> Row:
    """Return the row of a cell, as of `convergence_rows`."""
    solved = sum(record.converged_first is not None for record in cell.records)
    row: Row = {
        "task": cell.task,
        "model": cell.model,
        "protocol": cell.protocol,
        "origin": cell.origin,
        "backend": ", ".join(backends(cell)),
        "parameters": max(record.parameters for record in cell.records) or None,
        **_all_parameters(cell),
        "metric": cell.rule.metric,
        "below": cell.rule.below,
        "seeds": len(cell.records),
        **share_row("solved", solved, len(cell.records)),
    }
    for unit in Unit:
        durations = convergence_durations(cell, unit)
        row |= estimate_row(unit, survival_median(durations))
        row[f"{unit}_lower_quartile"] = finite(quantile(durations, 0.25))
        row[f"{unit}_upper_quartile"] = finite(quantile(durations, 0.75))
        row[f"{unit}_restricted_mean"] = restricted_mean(durations)
        row[f"{unit}_budget"] = durations.horizon
    row |= estimate_row("final", median_estimate(final_scores(cell)))
    row["diverged"] = _count(cell, Outcome.DIVERGED)
    row["failed"] = _count(cell, Outcome.FAILED)
    # Nothing in rows of the protocol's own training: entries of leaderboards state them as they are.
    if cell.own_training:
        row["own_training"] = ", ".join(cell.own_training)
    return row


def backends(cell: Cell) -> list[str]:
    """Return how the runs of a cell were computed, those that did anything."""
    return sorted({str(record.backend) for record in cell.records if record.curve})


def _all_parameters(cell: Cell) -> Row:
    """Return how many parameters there are with those that are not trained, where records tell."""
    known = [record.all_parameters for record in cell.records if record.all_parameters is not None]
    return {"all_parameters": max(known)} if known else {}


def _count(cell: Cell, outcome: Outcome) -> int:
    return sum(record.outcome is outcome for record in cell.records)
