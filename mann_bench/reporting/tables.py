"""The two tables of the suite: convergence speed and length generalisation."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mann_bench.core.runs import Outcome
from mann_bench.core.sizes import size_text
from mann_bench.results.cells import Cell, cells
from mann_bench.results.schema import Record, SizeRow
from mann_bench.statistics.summary import Spread, censored_spread

Row = dict[str, Any]
"""One row as data: names to numbers and text, None for what was not reached."""

_WORDS = {
    "bit_errors": "wrong bits a sequence",
    "sequence_accuracy": "sequences without a wrong bit",
    "regret_bits": "bits a sequence above the Bayes loss",
    "loss_bits": "bits of cross-entropy a sequence",
}
"""How the scores of the suite's own tasks read in notes."""

_BESIDE = {"regret_bits": "loss_bits"}
"""The score shown beside that of a task's rule, where it is not the accuracy."""


class Table(NamedTuple):
    """A table as people read it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]


def convergence_rows(records: Iterable[Record]) -> list[Row]:
    """Return one row a cell: training steps, sequences and seconds until convergence, and the final score.

    A run counts as solved once it has met the task's rule, also where it diverged later. Runs that did not
    meet it stay in the medians, as values beyond the budget.
    """
    return [_convergence_row(cell) for cell in cells(records)]


def generalization_rows(records: Iterable[Record]) -> list[Row]:
    """Return one row a cell and size of the length grid: medians over seeds of each score's mean."""
    return [row for cell in cells(records) for row in _size_rows(cell)]


def convergence_table(records: Iterable[Record]) -> Table:
    """Return the convergence table."""
    made = cells(records)
    labels = _labels(made)
    rows = [_convergence_text(cell, label, _convergence_row(cell)) for cell, label in zip(made, labels, strict=True)]
    return Table(
        "Convergence",
        ["task", "model", "parameters", "solved", "steps", "sequences", "seconds", "rule", "final", "NaN", "failed"],
        rows,
        [
            "median over seeds [least to greatest], of training until convergence",
            "solved: at the first evaluation that meets the rule; final: the rule's score at the last evaluation",
            *_protocol_notes(made),
            *_censoring_notes(made),
        ],
    )


def generalization_tables(records: Iterable[Record]) -> list[Table]:
    """Return a length-generalisation table a task."""
    made = cells(records)
    return [
        _generalization_table(task, [cell for cell in made if cell.task == task])
        for task in dict.fromkeys(cell.task for cell in made)
    ]


def _convergence_row(cell: Cell) -> Row:
    reached = [record.converged_row() for record in cell.records]
    row: Row = {
        "task": cell.task,
        "model": cell.model,
        "protocol": cell.protocol,
        "parameters": max(record.parameters for record in cell.records) or None,
        "metric": cell.rule.metric,
        "below": cell.rule.below,
        "seeds": len(reached),
        "solved": sum(at is not None for at in reached),
    }
    measures: dict[str, list[float | None]] = {
        "steps": [at.step if at else None for at in reached],
        "sequences": [at.sequences if at else None for at in reached],
        "seconds": [at.training_seconds if at else None for at in reached],
        "final": [_final_score(record) for record in cell.records],
    }
    for name, values in measures.items():
        spread = censored_spread(values)
        row |= {f"{name}_median": spread.median, f"{name}_low": spread.low, f"{name}_high": spread.high}
    row["budget_steps"] = cell.budget
    row["diverged"] = _count(cell, Outcome.DIVERGED)
    row["failed"] = _count(cell, Outcome.FAILED)
    return row


def _final_score(record: Record) -> float | None:
    return record.curve[-1].scores.get(record.convergence.metric) if record.curve else None


def _size_rows(cell: Cell) -> list[Row]:
    measured: dict[str, list[SizeRow]] = {}
    for record in cell.records:
        for found in record.generalization:
            measured.setdefault(size_text(found.size), []).append(found)
    return [_size_row(cell, size, over_seeds) for size, over_seeds in measured.items()]


def _size_row(cell: Cell, size: str, over_seeds: Sequence[SizeRow]) -> Row:
    first = over_seeds[0]
    row: Row = {"task": cell.task, "model": cell.model, "protocol": cell.protocol, "size": size}
    row |= {**first.size, "seeds": len(over_seeds), "sequences": first.sequences}
    for score in first.scores:
        spread = censored_spread([each.scores[score] for each in over_seeds])
        row |= {score: spread.median, f"{score}_low": spread.low, f"{score}_high": spread.high}
    return row


def _convergence_text(cell: Cell, label: str, row: Row) -> list[str]:
    def spread(name: str, beyond: float | None, digits: int = 0) -> str:
        found = Spread(row[f"{name}_low"], row[f"{name}_median"], row[f"{name}_high"])
        return _spread_text(found, beyond, digits)

    return [
        cell.task,
        label,
        "-" if row["parameters"] is None else f"{row['parameters']:,}",
        f"{row['solved']}/{row['seeds']}",
        spread("steps", cell.budget),
        spread("sequences", cell.budget * cell.batch_size),
        spread("seconds", None, digits=1),
        f"{row['metric']} < {row['below']:g}",
        spread("final", None, digits=2),
        str(row["diverged"]),
        str(row["failed"]),
    ]


def _generalization_table(task: str, made: Sequence[Cell]) -> Table:
    by_cell = [{row["size"]: row for row in _size_rows(cell)} for cell in made]
    sizes = list(dict.fromkeys(size for rows in by_cell for size in rows))
    dimensions = next(
        (" x ".join(row.size) for cell in made for record in cell.records for row in record.generalization), "size"
    )
    metric = made[0].rule.metric
    shown = [metric, _BESIDE.get(metric, "sequence_accuracy")]
    labelled = [*zip(_labels(made), by_cell, strict=True), *_bayes_rows(made, by_cell)]
    return Table(
        f"Length generalisation: {task}",
        [f"{dimensions}:", *sizes],
        [[label, *(_size_text(rows.get(size), shown) for size in sizes)] for label, rows in labelled],
        ["median over seeds of " + " / ".join(_WORDS.get(name, name) for name in shown), *_untested_notes(made)],
    )


def _bayes_rows(made: Sequence[Cell], by_cell: Sequence[dict[str, Row]]) -> list[tuple[str, dict[str, Row]]]:
    """Return, of a task that knows it, how the Bayes-optimal predictor scores on the sequences of each protocol."""
    by_label: dict[str, dict[str, Row]] = {}
    for cell, rows in zip(made, by_cell, strict=True):
        for size, row in rows.items():
            if "bayes_bits" in row:
                best = by_label.setdefault(_with_protocol("Bayes", cell, made), {})
                best[size] = {"loss_bits": row["bayes_bits"], "regret_bits": 0.0}
    return list(by_label.items())


def _size_text(row: Row | None, shown: Iterable[str]) -> str:
    return "-" if row is None else " / ".join(_score_text(name, row.get(name)) for name in shown)


def _score_text(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{100 * value:.1f} %" if name == "sequence_accuracy" else f"{value:.2f}"


def _spread_text(spread: Spread, beyond: float | None, digits: int) -> str:
    over = "-" if beyond is None else f"> {beyond:,.{digits}f}"
    low, median, high = (over if value is None else f"{value:,.{digits}f}" for value in spread)
    return median if low == high else f"{median} [{low} to {high}]"


def _labels(made: Sequence[Cell]) -> list[str]:
    """Name each cell by its model, and by its protocol or its origin where that is what tells cells apart."""
    labels = [_with_protocol(cell.model, cell, made) for cell in made]
    named = Counter((cell.task, label) for cell, label in zip(made, labels, strict=True))
    return [
        f"{label} [{cell.origin}]" if named[cell.task, label] > 1 else label
        for cell, label in zip(made, labels, strict=True)
    ]


def _with_protocol(name: str, cell: Cell, made: Sequence[Cell]) -> str:
    return f"{name} ({cell.protocol})" if len({each.protocol for each in made}) > 1 else name


def _protocol_notes(made: Sequence[Cell]) -> list[str]:
    protocols = {cell.protocol for cell in made}
    return [f"protocol {protocols.pop()}"] if len(protocols) == 1 else []


def _censoring_notes(made: Iterable[Cell]) -> list[str]:
    notes = []
    for cell in made:
        for record in cell.records:
            if record.converged_first is None:
                what = str(record.outcome).replace("_", " ")
                notes.append(f"{record.text}: {what} after {record.steps:,} steps")
    return notes


def _untested_notes(made: Iterable[Cell]) -> list[str]:
    return [
        f"{record.text}: {record.outcome} before it could be tested, not in these medians"
        for cell in made
        for record in cell.records
        if not record.generalization
    ]


def _count(cell: Cell, outcome: Outcome) -> int:
    return sum(record.outcome is outcome for record in cell.records)
