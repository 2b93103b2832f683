"""The length-generalisation tables, as people read them."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.generalization import GeneralizationRow, size_rows
from mann_bench.analysis.labels import with_protocol
from mann_bench.analysis.measures import accuracies_of_sequences, accuracy_beyond_training, masters, test_sizes
from mann_bench.core.scores import is_accuracy
from mann_bench.core.sizes import Size
from mann_bench.reporting.naming import SCORE_WORDS, own_training_notes, predictor, row_labels
from mann_bench.reporting.tables.runs import by_seeds
from mann_bench.reporting.tables.table import INTERVALS, Table, estimate_text, one_seed_notes
from mann_bench.results.schema import Record
from mann_bench.statistics.interval import Estimate
from mann_bench.statistics.medians import median_estimate

_BESIDE = {"regret_bits": "loss_bits"}
"""The score shown beside that of a task's rule, where it is not the accuracy."""

_BEYOND = "*"

_BEYOND_TRAINING = "beyond training"
_BEYOND_TRAINING_NOTE = (
    f"{_BEYOND_TRAINING}: mean of right tokens over the sizes beyond training, median over seeds / best seed; "
    "Delétang et al. 2023 print that of the best seed, over every length from 41 to 500"
)

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
    apart = accuracies_of_sequences(cells)
    shown = [name for name in _shown(cells) if name not in apart]
    needed = {*shown, *apart, "sequence_accuracy", "bayes_bits", *(cell.rule.metric for cell in cells)}
    by_cell = [{row.size: row for row in size_rows(cell, needed)} for cell in cells]
    sizes = list(dict.fromkeys(size for rows in by_cell for size in rows))
    first: Size = next((test_sizes(cell)[0] for cell in cells if test_sizes(cell)), {"size": 0})
    labelled = [*zip(row_labels(cells), by_cell, strict=True), *_bayes_rows(cells, by_cell)]
    means = [*map(_beyond_training, cells), *([None] * (len(labelled) - len(cells)))]
    beyond = [_BEYOND_TRAINING] if any(means) else []
    return Table(
        f"Length generalisation: {task}",
        [f"{' x '.join(first)}:", *sizes, *beyond, "mastered"],
        [
            [
                label,
                *(_size_text(rows.get(size), shown) for size in sizes),
                *(mean or "-" for _ in beyond),
                _mastered(rows, cells[0]),
            ]
            for (label, rows), mean in zip(labelled, means, strict=True)
        ]
        + [
            [label, *(_size_text(rows.get(size), [name]) for size in sizes), *("-" for _ in beyond), "-"]
            for name in apart
            for label, rows in _without_model(cells, by_cell, predictor(name), {name: name})
        ],
        [
            "median over seeds of " + " / ".join(SCORE_WORDS.get(name, name) for name in shown),
            *(f"{predictor(name)}: {name}, in which no model has a part" for name in apart),
            *(_BEYOND_TRAINING_NOTE for _ in beyond),
            "mastered: the last size up to which "
            + ("99 % of the sequences are right" if metric != "regret_bits" else "the task's rule is met"),
            INTERVALS,
            *one_seed_notes(cells),
            *own_training_notes(cells),
            *_capacity_notes(by_cell),
            *_untested_notes(cells),
        ],
    )


def _bayes_rows(cells: Sequence[Cell], by_cell: Sequence[_BySize]) -> list[tuple[str, _BySize]]:
    """Return, of a task that knows it, how the Bayes-optimal predictor scores on the sequences of each protocol."""
    return _without_model(cells, by_cell, "Bayes", {"bayes_bits": "loss_bits"}, regret_bits=0.0)


def _without_model(
    cells: Sequence[Cell], by_cell: Sequence[_BySize], words: str, names: Mapping[str, str], **known: float
) -> list[tuple[str, _BySize]]:
    """Return rows of a predictor that is no model, one for each protocol.

    Args:
        cells: of one task.
        by_cell: their rows.
        words: what it is called.
        names: scores of the sequences that tell how it does, and what each is called in its rows.
        known: further scores.
    """
    by_label: dict[str, _BySize] = {}
    for cell, rows in zip(cells, by_cell, strict=True):
        for size, row in rows.items():
            if names.keys() <= row.scores.keys():
                values = {new: row.scores[name].value for name, new in names.items()} | known
                scores = {name: Estimate(value, None) for name, value in values.items()}
                made = dataclasses.replace(row, scores=scores, beyond_capacity=False)
                by_label.setdefault(with_protocol(words, cell, cells), {})[size] = made
    return list(by_label.items())


def _shown(cells: Sequence[Cell]) -> list[str]:
    """Return the scores that are shown: that of the task's rule, and every accuracy.

    Beside an accuracy there is no need for its error rate.
    """
    metric = cells[0].rule.metric
    tested = (row.scores for cell in cells for record in cell.records for row in record.generalization)
    accuracies = [name for name in next(tested, {}) if is_accuracy(name)]
    if metric.replace("_error_rate", "_accuracy") in accuracies:
        return accuracies
    return [metric, *([_BESIDE[metric]] if metric in _BESIDE else accuracies or ["sequence_accuracy"])]


def _size_text(row: GeneralizationRow | None, shown: Sequence[str]) -> str:
    if row is None:
        return "-"
    metric, *beside = shown
    first = _estimate_text(metric, row.scores[metric]) if metric in row.scores else "-"
    text = " / ".join([first, *(_score_text(name, row.scores.get(name)) for name in beside)])
    return text + _BEYOND if row.beyond_capacity else text


def _beyond_training(cell: Cell) -> str | None:
    """Return the accuracy beyond training, of the median seed and of the best; a run that was not tested has 0."""
    known = [accuracy_beyond_training(record) for record in cell.records]
    if all(each is None for each in known):
        return None
    values = [each or 0.0 for each in known]
    return " / ".join(f"{_percent(each):.1f} %" for each in (median_estimate(values).value, max(values)))


def _estimate_text(name: str, score: Estimate) -> str:
    if not is_accuracy(name):
        return estimate_text(score, "no test", digits=2)
    value, interval = score
    bounds = interval and interval._replace(low=_percent(interval.low), high=_percent(interval.high))
    figure, bracket, rest = estimate_text(Estimate(_percent(value), bounds), "no test", digits=1).partition(" [")
    return f"{figure} %{bracket}{rest}"


def _percent(share: float) -> float:
    """Return a share in percent, rounded down: 100.0 is perfect, and below 99.0 nothing is mastered."""
    return math.floor(1000 * share + _ROUNDING) / 10


def _score_text(name: str, score: Estimate | None) -> str:
    if score is None or not math.isfinite(score.value):
        return "-"
    if is_accuracy(name):
        return f"{_percent(score.value):.1f} %"
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
    return [note for cell in cells for note in by_seeds(cell, _untested)]


def _untested(record: Record) -> str | None:
    return None if record.generalization else f"{record.outcome} before it could be tested, counted as worse than any"
