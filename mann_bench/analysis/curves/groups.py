"""What figures have in common: which cells stand together, how each is named and styled, how scores are bounded."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.labels import cell_labels
from mann_bench.core.sizes import Size
from mann_bench.results.schema import Record, RuleRecord


class Subject(NamedTuple):
    """What a figure is about."""

    task: str
    protocol: str | None
    """None where there are several; labels then name them."""
    metric: str
    """The score of the task's convergence rule."""
    below: float
    """Its threshold."""

    @classmethod
    def of(cls, task: str, protocol: str | None, rule: RuleRecord) -> "Subject":
        """Return the subject of a task with this convergence rule."""
        return cls(task, protocol, rule.metric, rule.below)


class DrawnCell(NamedTuple):
    """A cell as figures show it."""

    cell: Cell
    label: str
    style: int
    """Number of its line style, the same in every figure of a report."""


class Group(NamedTuple):
    """The cells of one task, which share its figures."""

    subject: Subject
    cells: tuple[DrawnCell, ...]


def groups(cells: Sequence[Cell]) -> list[Group]:
    """Return a group a task, in the order of the cells. Cells with unlike rules never share one."""
    labels = cell_labels(cells)
    styles = {label: number for number, label in enumerate(sorted(set(labels)))}
    protocols = {cell.protocol for cell in cells}
    protocol = protocols.pop() if len(protocols) == 1 else None
    found: dict[tuple[str, RuleRecord], list[DrawnCell]] = {}
    for cell, label in zip(cells, labels, strict=True):
        found.setdefault((cell.task, cell.rule), []).append(DrawnCell(cell, label, styles[label]))
    return [Group(Subject.of(task, protocol, rule), tuple(drawn)) for (task, rule), drawn in found.items()]


def bounded(score: float) -> float:
    """Return a score, inf where it is not finite: worse than every other."""
    return score if math.isfinite(score) else math.inf


def floor(below: float, sequences: int) -> float:
    """Return where a logarithmic axis of errors ends: what is less is drawn there.

    It is a power of ten, at most the least error that a mean over so many sequences can show, and at most a
    tenth of the threshold `below`.
    """
    least = 1 / max(sequences, 1)
    return 10.0 ** math.floor(math.log10(min(least, below / 10) if below > 0 else least))


def training_range(records: Sequence[Record]) -> dict[str, tuple[int, int]]:
    """Return the least and the greatest training size, by dimension; empty where no record states them."""
    return next((record.training_range for record in records if record.training_range), {})


def in_training(size: Size, ranges: Mapping[str, tuple[int, int]]) -> bool:
    """Tell whether a size was trained on; False where the range is not known."""
    return size.keys() == ranges.keys() and all(low <= size[name] <= high for name, (low, high) in ranges.items())


def chance(records: Sequence[Record], size: Size, metric: str) -> float | None:
    """Return the score at a size of the predictor whose logits are all 0; None where no record states it.

    Its regret is its loss above the Bayes loss of the test sequences.
    """
    stated = next((row.chance for record in records for row in record.grid if row.size == size), {})
    tested = next((row.scores for record in records for row in record.generalization if row.size == size), {})
    if metric == "regret_bits" and "loss_bits" in stated and "bayes_bits" in tested:
        return stated["loss_bits"] - tested["bayes_bits"]
    return stated.get(metric)
