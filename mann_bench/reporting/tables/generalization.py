"""The length-generalisation tables, as people read them."""

import dataclasses
import math
from collections.abc import Iterable, Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.generalization import GeneralizationRow, size_rows
from mann_bench.analysis.labels import with_protocol
from mann_bench.analysis.measures import masters, test_sizes
from mann_bench.core.sizes import Size
from mann_bench.reporting.naming import SCORE_WORDS, own_training_notes, row_labels
from mann_bench.reporting.tables.table import INTERVALS, ONE_SEED, Table, estimate_text
from mann_bench.statistics.interval import Estimate

_BESIDE = {"regret_bits": "loss_bits"}
"""The score shown beside that of a task's rule, where it is not the accuracy."""

_BEYOND = "*"

_ROUNDING = 1e-9

_BySize = dict[str, GeneralizationRow]
"""The rows of a cell by their sizes."""


def generalization_tables(cells: Sequence[Cell]) -> list[Table]:
    """Return a length-generalisation table a task."""
    return [
        _table(task, [cell for cell in cells if cell.task == task])
        for task in dict.fromkeys(cell.task for cell in cells)
    ]


def _table(task: str, cells: Sequence[Cell]) -> Table:
    metric = cells[0].rule.metric
    shown = [metric, _BESIDE.get(metric, "sequence_accuracy")]
    needed = {*shown, "sequence_accuracy", "bayes_bits", *(cell.rule.metric for cell in cells)}
    by_cell = [{row.size: row for row in size_rows(cell, needed)} for cell in cells]
    sizes = list(dict.fromkeys(size for rows in by_cell for size in rows))
    first: Size = next((test_sizes(cell)[0] for cell in cells if test_sizes(cell)), {"size": 0})
    labelled = [*zip(row_labels(cells), by_cell, strict=True), *_bayes_rows(cells, by_cell)]
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


def _bayes_rows(cells: Sequence[Cell], by_cell: Sequence[_BySize]) -> list[tuple[str, _BySize]]:
    """Return, of a task that knows it, how the Bayes-optimal predictor scores on the sequences of each protocol."""
    by_label: dict[str, _BySize] = {}
    for cell, rows in zip(cells, by_cell, strict=True):
        for size, row in rows.items():
            if "bayes_bits" in row.scores:
                values = {"loss_bits": row.scores["bayes_bits"].value, "regret_bits": 0.0}
                scores = {name: Estimate(value, None) for name, value in values.items()}
                best = dataclasses.replace(row, scores=scores, beyond_capacity=False)
                by_label.setdefault(with_protocol("Bayes", cell, cells), {})[size] = best
    return list(by_label.items())


def _size_text(row: GeneralizationRow | None, shown: Sequence[str]) -> str:
    if row is None:
        return "-"
    metric, beside = shown
    first = estimate_text(row.scores[metric], "no test", digits=2) if metric in row.scores else "-"
    text = f"{first} / {_score_text(beside, row.scores.get(beside))}"
    return text + _BEYOND if row.beyond_capacity else text


def _score_text(name: str, score: Estimate | None) -> str:
    if score is None or not math.isfinite(score.value):
        return "-"
    if name == "sequence_accuracy":  # rounded down: 100.0 % is perfect, and below 99.0 % nothing is mastered
        return f"{math.floor(1000 * score.value + _ROUNDING) / 10:.1f} %"
    return f"{score.value:.2f}"


def _mastered(rows: _BySize, cell: Cell) -> str:
    last = "none"
    for size, row in rows.items():
        if not masters({name: score.value for name, score in row.scores.items()}, cell.rule):
            break
        last = size
    return last


def _capacity_notes(by_cell: Sequence[_BySize]) -> list[str]:
    marked = any(row.beyond_capacity for rows in by_cell for row in rows.values())
    return [f"{_BEYOND} more rows to remember than the memory has slots"] if marked else []


def _untested_notes(cells: Iterable[Cell]) -> list[str]:
    return [
        f"{record.text}: {record.outcome} before it could be tested, counted as worse than any"
        for cell in cells
        for record in cell.records
        if not record.generalization
    ]
