"""What the runs of a cell yield for statistics: durations until they converge and generalise, scores at each size."""

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from mann_bench.analysis.cells import Cell
from mann_bench.core.scores import is_accuracy
from mann_bench.core.sizes import Size, size_text
from mann_bench.results.schema import CurveRow, ProbeRow, Record, RuleRecord, SizeRow
from mann_bench.statistics.interval import LEVEL, Estimate
from mann_bench.statistics.mean import mean_interval
from mann_bench.statistics.survival import Durations

GENERALIZES_FROM = 0.99
"""Sequence accuracy from which a size counts as mastered."""


_LABEL_ACCURACY = "token_accuracy"

_SEQUENCE_SCORES = {"bayes_bits"}
"""Scores in which no model has a part, also in records that do not say so."""


class Unit(StrEnum):
    """What training is counted in."""

    STEPS = "steps"
    SEQUENCES = "sequences"
    SECONDS = "seconds"
    SYMBOLS = "symbols"

    def of(self, row: CurveRow) -> float:
        """Return how much training went before an evaluation."""
        match self:
            case Unit.STEPS:
                return float(row.step)
            case Unit.SEQUENCES:
                return float(row.sequences)
            case Unit.SYMBOLS:
                return float(row.symbols or 0)
            case _:
                return row.training_seconds


def convergence_durations(cell: Cell, unit: Unit) -> Durations:
    """Return the training until each run met the task's rule."""
    return durations_until(cell, unit, [record.converged_row() for record in cell.records])


def durations_until(cell: Cell, unit: Unit, rows: Sequence[CurveRow | None]) -> Durations:
    """Return the training until each run got somewhere.

    A run that never did is censored where it ended; one that diverged or failed is censored at the budget,
    for it would not have got there later. The budget in seconds, or in symbols, is that of the longest run.

    Args:
        cell: the runs.
        unit: what training is counted in.
        rows: for each run the evaluation at which it had got there; None where it did not.
    """
    ends = [unit.of(record.curve[-1]) if record.curve else 0.0 for record in cell.records]
    budget = {
        Unit.STEPS: float(cell.budget),
        Unit.SEQUENCES: float(cell.budget * cell.batch_size),
        Unit.SECONDS: max(ends) or 1.0,  # where nothing was trained, any number will do
        Unit.SYMBOLS: max(ends) or 1.0,
    }[unit]
    times = [
        unit.of(row) if row else _censored_at(record, end, budget)
        for record, row, end in zip(cell.records, rows, ends, strict=True)
    ]
    return Durations(tuple(times), tuple(row is not None for row in rows), budget)


def probed(cell: Cell) -> bool:
    """Tell whether the protocol measures generalisation over training, within its budget."""
    return 0 < cell.records[0].protocol.integer("probe_every") <= cell.budget


def generalization_durations(cell: Cell) -> Durations:
    """Return the training steps from which each run masters the longest size of the probe, and goes on to.

    A run that does not is censored where it ended, or at the budget if it diverged or failed.
    """
    froms = [generalizes_from(record) for record in cell.records]
    times = [
        float(start) if start is not None else _censored_at(record, float(record.steps), float(cell.budget))
        for record, start in zip(cell.records, froms, strict=True)
    ]
    return Durations(tuple(times), tuple(start is not None for start in froms), float(cell.budget))


def generalizes_from(record: Record) -> int | None:
    """Return the step of the first probe from which the longest size is mastered to the end; None if never."""
    start: int | None = None
    for row in reversed(record.probe):
        if not _masters_longest(row, record.convergence):
            break
        start = row.step
    return None if record.outcome.broke_off else start


def masters(scores: Mapping[str, float], rule: RuleRecord) -> bool:
    """Tell whether a size is mastered: 99 % of its sequences right, or where none can be, the task's rule met."""
    if "sequence_accuracy" in scores:
        return scores["sequence_accuracy"] >= GENERALIZES_FROM
    return scores.get(rule.metric, math.inf) < rule.below


def final_scores(cell: Cell) -> list[float]:
    """Return the score of the task's rule at each run's last evaluation; inf where there is none."""
    metric = cell.rule.metric
    return [or_worst(metric, record.curve[-1].scores.get(metric) if record.curve else None) for record in cell.records]


def test_sizes(cell: Cell) -> list[Size]:
    """Return the sizes that runs of a cell were tested at, in the order of the grid."""
    return next(([row.size for row in record.generalization] for record in cell.records if record.generalization), [])


def scores_at(record: Record, sizes: Sequence[Size], score: str) -> list[float]:
    """Return one score on the test stream at each size; of a run that was not tested, worse than any."""
    if [row.size for row in record.generalization] == sizes:  # as in all runs of a cell that were tested
        return [or_worst(score, row.scores.get(score)) for row in record.generalization]
    tested = {size_text(row.size): row.scores.get(score) for row in record.generalization}
    return [or_worst(score, tested.get(size_text(size))) for size in sizes]


def accuracy_beyond_training(record: Record) -> float | None:
    """Return the share of right labels, as a mean over the test sizes beyond training; None where there is none.

    Delétang et al. 2023 (https://arxiv.org/abs/2207.02098) score a run so, over every length from 41 to 500.
    """
    most = {name: high for name, (_, high) in record.training_range.items()}
    found = [
        or_worst(_LABEL_ACCURACY, row.scores[_LABEL_ACCURACY])
        for row in record.generalization
        if _LABEL_ACCURACY in row.scores and any(value > most.get(at, math.inf) for at, value in row.size.items())
    ]
    return math.fsum(found) / len(found) if found else None


def of_sequences(score: str, rows: Iterable[SizeRow] = ()) -> bool:
    """Tell whether a score is of the sequences alone, which all seeds share: its interval is not one over seeds."""
    return score in _SEQUENCE_SCORES or any(score in row.spread for row in rows)


def accuracies_of_sequences(cells: Iterable[Cell]) -> list[str]:
    """Return the accuracies in which no model has a part, such as that of the best constant."""
    rows = [row for cell in cells for record in cell.records for row in record.generalization]
    return list(dict.fromkeys(name for row in rows for name in row.spread if is_accuracy(name)))


def sequences_estimate(score: str, rows: Sequence[SizeRow], level: float = LEVEL) -> Estimate:
    """Return a score of the sequences alone, with its interval over them.

    Args:
        score: its name.
        rows: of one size, a run each. Records of earlier versions do not tell the spread: there is no interval then.
        level: of the interval.
    """
    known = [row for row in rows if score in row.scores]
    row = next((row for row in known if score in row.spread), known[0] if known else None)
    if row is None:
        return Estimate(math.inf, None)
    spread = row.spread.get(score)
    value = or_worst(score, row.scores[score])
    return Estimate(value, None if spread is None else mean_interval(value, spread, row.sequences, level))


def beyond_capacity(record: Record, size: Size) -> bool:
    """Tell whether a size has more rows to remember than the model has memory slots, where both are known."""
    rows = next((row.rows_to_remember for row in record.grid if row.size == size), None)
    slots = record.model.options.get("memory_slots")
    return rows is not None and isinstance(slots, int) and rows > slots


def or_worst(score: str, value: float | None) -> float:
    """Return a score; where there is none, or it is not finite, one worse than any."""
    if value is not None and math.isfinite(value):
        return value
    return 0.0 if is_accuracy(score) else math.inf


def _masters_longest(row: ProbeRow, rule: RuleRecord) -> bool:
    return bool(row.rows) and masters(row.rows[-1].scores, rule)


def _censored_at(record: Record, end: float, budget: float) -> float:
    return budget if record.outcome.broke_off else end
