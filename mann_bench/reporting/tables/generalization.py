"""The length-generalisation tables, as people read them."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.generalization import size_rows
from mann_bench.analysis.labels import with_protocol
from mann_bench.analysis.measures import masters, test_sizes
from mann_bench.analysis.rows import Row
from mann_bench.core.sizes import Size, size_text
from mann_bench.reporting.tables.table import INTERVALS, ONE_SEED, Table, estimate_text
from mann_bench.reporting.words import SCORE_WORDS, own_training_notes, row_labels

_BESIDE = {"regret_bits": "loss_bits"}
"""The score shown beside that of a task's rule, where it is not the accuracy."""

_BEYOND = "*"

_ROUNDING = 1e-9


def generalization_tables(cells: Sequence[Cell]) -> list[Table]:
    """Return a length-generalisation table a task."""
    return [
        _table(task, [cell for cell in cells if cell.task == task])
        for task in dict.fromkeys(cell.task for cell in cells)
    ]


def _table(task: str, cells: Sequence[Cell]) -> Table:
    metric = cells[0].rule.metric
    shown = [metric, _BESIDE.get(metric, "sequence_accuracy")]
    needed = {*shown, "sequence_accuracy", *(cell.rule.metric for cell in cells)}
    by_cell = [{row["size"]: row for row in size_rows(cell, needed)} for cell in cells]
    sizes = list(dict.fromkeys(size for rows in by_cell for size in rows))
    first: Size = next((test_sizes(cell)[0] for cell in cells if test_sizes(cell)), {"size": 0})
    labelled = [*zip(row_labels(cells), by_cell, strict=True), *_bayes_rows(cells)]
    return Table(
        f"Length generalisation: {task}",
        [f"{' x '.join(first)}:", *sizes, "mastered"],
        [
            [label, *(_size_text(rows.get(size), shown) for size in sizes), _mastered(rows, cells[0])]
            for label, rows in labelled
        ],
        [
            "median over seeds of " + " / ".join(SCORE_WORDS.get(name, name) for name in shown),
            "mastered: the last size up to which "
            + ("99 % of the sequences are right" if metric != "regret_bits" else "the task's rule is met"),
            INTERVALS,
            *([ONE_SEED] if any(len(cell.records) == 1 for cell in cells) else []),
            *own_training_notes(cells),
            *_capacity_notes(by_cell),
            *_untested_notes(cells),
        ],
    )


def _bayes_rows(cells: Sequence[Cell]) -> list[tuple[str, dict[str, Row]]]:
    """Return, of a task that knows it, how the Bayes-optimal predictor scores on the sequences of each protocol."""
    by_label: dict[str, dict[str, Row]] = {}
    for cell in cells:
        label = with_protocol("Bayes", cell, cells)
        # All seeds are tested on the same sequences, so any run that was tested knows it.
        for row in next((record.generalization for record in cell.records if record.generalization), []):
            if "bayes_bits" in row.scores:
                best = by_label.setdefault(label, {})
                best[size_text(row.size)] = _exactly({"loss_bits": row.scores["bayes_bits"], "regret_bits": 0.0})
    return list(by_label.items())


def _exactly(scores: dict[str, float]) -> Row:
    """Return scores as rows hold those that have no interval."""
    row: dict[str, Any] = {"beyond_capacity": False}
    for name, value in scores.items():
        row |= {f"{name}_median": value, f"{name}_interval": None}
    return row


def _size_text(row: Row | None, shown: Sequence[str]) -> str:
    if row is None:
        return "-"
    metric, beside = shown
    first = estimate_text(row, metric, "no test", digits=2) if f"{metric}_median" in row else "-"
    text = f"{first} / {_score_text(beside, row.get(f'{beside}_median'))}"
    return text + _BEYOND if row["beyond_capacity"] else text


def _score_text(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name == "sequence_accuracy":  # rounded down: 100.0 % is perfect, and below 99.0 % nothing is mastered
        return f"{math.floor(1000 * value + _ROUNDING) / 10:.1f} %"
    return f"{value:.2f}"


def _mastered(rows: dict[str, Row], cell: Cell) -> str:
    last = "none"
    for size, row in rows.items():
        medians = {
            name: row[f"{name}_median"]
            for name in ("sequence_accuracy", cell.rule.metric)
            if row.get(f"{name}_median") is not None
        }
        if not masters(medians, cell.rule):
            break
        last = size
    return last


def _capacity_notes(by_cell: Sequence[dict[str, Row]]) -> list[str]:
    marked = any(row["beyond_capacity"] for rows in by_cell for row in rows.values())
    return [f"{_BEYOND} more rows to remember than the memory has slots"] if marked else []


def _untested_notes(cells: Iterable[Cell]) -> list[str]:
    return [
        f"{record.text}: {record.outcome} before it could be tested, counted as worse than any"
        for cell in cells
        for record in cell.records
        if not record.generalization
    ]
