"""The convergence table, as people read it."""

from collections.abc import Iterable, Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.convergence import ConvergenceRow, backends, convergence_row
from mann_bench.analysis.runs import failure
from mann_bench.analysis.tuned import RATE
from mann_bench.core.message_text import counted
from mann_bench.core.runs import short_key
from mann_bench.reporting.naming import SCORE_WORDS, own_training_notes, row_labels
from mann_bench.reporting.tables.runs import by_seeds
from mann_bench.reporting.tables.table import (
    INTERVALS,
    SHARES,
    Table,
    estimate_text,
    one_seed_notes,
    parameters_text,
    share_text,
)
from mann_bench.results.schema import Record


def convergence_table(cells: Sequence[Cell]) -> Table:
    """Return the convergence table."""
    labels = row_labels(cells)
    rows = [_text(cell, label) for cell, label in zip(cells, labels, strict=True)]
    columns = ["task", "model", "parameters", "solved", "steps", "seconds", "final", "NaN", "failed"]
    if any(cell.tuned for cell in cells):
        columns.append("rate")
        rows = [[*row, _rate_text(cell)] for row, cell in zip(rows, cells, strict=True)]
    return Table(
        "Convergence",
        columns,
        rows,
        [
            "solved: seeds that met the task's rule; steps, seconds: Kaplan-Meier median of training until then",
            *(["parameters: trained, of all that there are"] if any(" of " in row[2] for row in rows) else []),
            *_rule_notes(cells),
            *_tuning_notes(cells),
            INTERVALS,
            SHARES,
            *one_seed_notes(cells),
            *own_training_notes(cells),
            *_protocol_notes(cells),
            *_backend_notes(cells, labels),
            *_censoring_notes(cells),
        ],
    )


def _text(cell: Cell, label: str) -> list[str]:
    row = convergence_row(cell)
    return [
        cell.task,
        label,
        parameters_text(row),
        share_text(row.solved),
        estimate_text(row.steps.estimate, f"> {cell.budget:,}"),
        estimate_text(row.seconds.estimate, _beyond_seconds(cell, row), digits=1),
        estimate_text(row.final, "-", digits=2),
        str(row.diverged),
        str(row.failed),
    ]


def _rate_text(cell: Cell) -> str:
    """Return the learning rate of a cell, and whether it was tuned."""
    rate = cell.records[0].protocol.fields.get(RATE)
    return f"{rate}, tuned" if cell.tuned else f"{rate}"


def _tuning_notes(cells: Sequence[Cell]) -> list[str]:
    """Return what tuning cost in all."""
    found = [cell.tuned for cell in cells if cell.tuned]
    if not found:
        return []
    runs, sequences, seconds = (sum(getattr(each, name) for each in found) for name in ("runs", "sequences", "seconds"))
    cost = f"{counted(runs, 'run')}, {sequences:,} sequences, {seconds:,.1f} seconds of training"
    return [f"rate: the learning rate; tuning chose those that are called so by validation alone: {cost}"]


def _beyond_seconds(cell: Cell, row: ConvergenceRow) -> str:
    return f"> {row.seconds.budget:,.1f}" if any(record.curve for record in cell.records) else "-"


def _rule_notes(cells: Sequence[Cell]) -> list[str]:
    rules: dict[str, list[str]] = {}
    for cell in cells:
        rule = f"less than {cell.rule.below:g} {SCORE_WORDS.get(cell.rule.metric, cell.rule.metric)}"
        if cell.task not in rules.setdefault(rule, []):
            rules[rule].append(cell.task)
    several = len(rules) > 1
    return [
        f"rule{' of ' + ', '.join(tasks) if several else ''}: {rule}, at the first such evaluation; "
        "final: that score at the last evaluation"
        for rule, tasks in rules.items()
    ]


def _protocol_notes(cells: Sequence[Cell]) -> list[str]:
    protocols = {cell.protocol for cell in cells}
    return [f"protocol {protocols.pop()}"] if len(protocols) == 1 else []


def _backend_notes(cells: Sequence[Cell], labels: Sequence[str]) -> list[str]:
    """Return what was computed how, where seconds of several backends stand in one column."""
    found: dict[str, list[str]] = {}
    for cell, label in zip(cells, labels, strict=True):
        for backend in backends(cell):
            found.setdefault(backend, []).append(f"{label} on {cell.task}")
    each = (f"{backend} of {', '.join(found[backend])}" for backend in sorted(found))
    return [f"seconds are those of several backends: {'; '.join(each)}"] if len(found) > 1 else []


def _censoring_notes(cells: Iterable[Cell]) -> list[str]:
    return [note for cell in cells for note in by_seeds(cell, _unconverged)]


def _unconverged(record: Record) -> str | None:
    if record.converged_first is not None:
        return None
    reason = failure(record)
    ended = f"{record.outcome.words} after {record.steps:,} steps"
    return f"{ended}: {reason} (run {short_key(record.key)})" if reason else ended
