"""The convergence table: how many seeds meet the task's rule, and after how much training."""

from collections.abc import Iterable, Sequence

from mann_bench.core.runs import Outcome
from mann_bench.reporting.measures import Unit, convergence_durations, final_scores
from mann_bench.reporting.tables.runs import KEY_DIGITS, failure
from mann_bench.reporting.tables.table import (
    INTERVALS,
    ONE_SEED,
    SHARES,
    Row,
    Table,
    estimate_row,
    estimate_text,
    finite,
    parameters_text,
    share_row,
    share_text,
)
from mann_bench.reporting.words import SCORE_WORDS, own_training_notes, row_labels
from mann_bench.results.cells import Cell, Cells, cells
from mann_bench.results.schema import Record
from mann_bench.statistics.bootstrap import median_estimate, survival_median
from mann_bench.statistics.survival import quantile, restricted_mean


def convergence_rows(records: Iterable[Record] | Cells) -> list[Row]:
    """Return one row a cell: solved seeds, training until convergence in each unit, and the final score.

    A run counts as solved once it has met the task's rule, also where it diverged later. Runs that did not
    meet it stay in the statistics, as censored.
    """
    return [_row(cell) for cell in cells(records)]


def convergence_table(records: Iterable[Record] | Cells) -> Table:
    """Return the convergence table."""
    made = cells(records)
    labels = row_labels(made)
    rows = [_text(cell, label) for cell, label in zip(made, labels, strict=True)]
    return Table(
        "Convergence",
        ["task", "model", "parameters", "solved", "steps", "seconds", "final", "NaN", "failed"],
        rows,
        [
            "solved: seeds that met the task's rule; steps, seconds: Kaplan-Meier median of training until then",
            *(["parameters: trained, of all that there are"] if any(" of " in row[2] for row in rows) else []),
            *_rule_notes(made),
            INTERVALS,
            SHARES,
            *([ONE_SEED] if any(len(cell.records) == 1 for cell in made) else []),
            *own_training_notes(made),
            *_protocol_notes(made),
            *_backend_notes(made, labels),
            *_censoring_notes(made),
        ],
    )


def _row(cell: Cell) -> Row:
    solved = sum(record.converged_first is not None for record in cell.records)
    row: Row = {
        "task": cell.task,
        "model": cell.model,
        "protocol": cell.protocol,
        "origin": cell.origin,
        "backend": ", ".join(_backends(cell)),
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
    if (
        cell.own_training
    ):  # nothing in rows of the protocol's own training: entries of leaderboards state them as they are
        row["own_training"] = ", ".join(cell.own_training)
    return row


def _all_parameters(cell: Cell) -> Row:
    """Return how many parameters there are with those that are not trained, where records tell."""
    known = [record.all_parameters for record in cell.records if record.all_parameters is not None]
    return {"all_parameters": max(known)} if known else {}


def _text(cell: Cell, label: str) -> list[str]:
    row = _row(cell)
    return [
        cell.task,
        label,
        parameters_text(row),
        share_text(row, "solved", row["seeds"]),
        estimate_text(row, Unit.STEPS, f"> {cell.budget:,}"),
        estimate_text(row, Unit.SECONDS, _beyond_seconds(cell, row), digits=1),
        estimate_text(row, "final", "-", digits=2),
        str(row["diverged"]),
        str(row["failed"]),
    ]


def _beyond_seconds(cell: Cell, row: Row) -> str:
    return f"> {row['seconds_budget']:,.1f}" if any(record.curve for record in cell.records) else "-"


def _count(cell: Cell, outcome: Outcome) -> int:
    return sum(record.outcome is outcome for record in cell.records)


def _rule_notes(made: Sequence[Cell]) -> list[str]:
    rules: dict[str, list[str]] = {}
    for cell in made:
        rule = f"less than {cell.rule.below:g} {SCORE_WORDS.get(cell.rule.metric, cell.rule.metric)}"
        if cell.task not in rules.setdefault(rule, []):
            rules[rule].append(cell.task)
    several = len(rules) > 1
    return [
        f"rule{' of ' + ', '.join(tasks) if several else ''}: {rule}, at the first such evaluation; "
        "final: that score at the last evaluation"
        for rule, tasks in rules.items()
    ]


def _protocol_notes(made: Sequence[Cell]) -> list[str]:
    protocols = {cell.protocol for cell in made}
    return [f"protocol {protocols.pop()}"] if len(protocols) == 1 else []


def _backends(cell: Cell) -> list[str]:
    """Return how the runs of a cell were computed, those that did anything."""
    return sorted({str(record.backend) for record in cell.records if record.curve})


def _backend_notes(made: Sequence[Cell], labels: Sequence[str]) -> list[str]:
    """Return what was computed how, where seconds of several backends stand in one column."""
    found: dict[str, list[str]] = {}
    for cell, label in zip(made, labels, strict=True):
        for backend in _backends(cell):
            found.setdefault(backend, []).append(f"{label} on {cell.task}")
    each = (f"{backend} of {', '.join(found[backend])}" for backend in sorted(found))
    return [f"seconds are those of several backends: {'; '.join(each)}"] if len(found) > 1 else []


def _censoring_notes(made: Iterable[Cell]) -> list[str]:
    return [
        f"{record.text}: {str(record.outcome).replace('_', ' ')} after {record.steps:,} steps{_because(record)}"
        for cell in made
        for record in cell.records
        if record.converged_first is None
    ]


def _because(record: Record) -> str:
    return f": {reason} (run {record.key[:KEY_DIGITS]})" if (reason := failure(record)) else ""
