"""How many seeds the undecided claims and pairs of a study need, judged by the records at hand."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import Unit, convergence_durations
from mann_bench.core.runs import CellName
from mann_bench.results.schema import Record
from mann_bench.statistics.power import draws, log_rank_power, seeds_needed
from mann_bench.statistics.ranks import seeds_to_decide
from mann_bench.statistics.survival import Durations
from mann_bench.studies.claims import ClaimResult, ClaimRuns, Verdict, cell_of, judged
from mann_bench.studies.growing import Standing
from mann_bench.studies.measurement import ClaimCells, UnmeasurableError, faster_pairs, judged_cell, measure
from mann_bench.studies.schema import ClaimMetric


class Need(NamedTuple):
    """What a claim or a pair needs.

    Attributes:
        kind: which of the two it is.
        name: of the claim, or of both models.
        cells: those that it is about.
        seeds: of each cell, with which it is decided as often as `mann_bench.statistics.power.POWER` says; None where
            it is decided, where more are needed than are tried, and where they are unknown.
        known: what is known in place of `seeds`: how it is decided, or why they are unknown; None elsewhere.
    """

    kind: Literal["claim", "pair"]
    name: str
    cells: Sequence[CellName]
    seeds: int | None = None
    known: str | None = None


def needs(standing: Standing, records: Mapping[str, Record]) -> Iterator[Need]:
    """Yield what each claim and then each pair of a study needs; `records` are those that it was judged by."""
    at_hand: dict[CellName, Cell] = {}
    for name, runs in standing.planned.cells.items():
        if found := [run for run in runs if run.key in records]:
            at_hand[name] = cell_of(found, records)
    for claim, result in zip(standing.planned.claims, standing.claims, strict=True):
        yield _claim_need(standing, claim, result, at_hand)
    yield from _pair_needs(standing, at_hand)


def _claim_need(standing: Standing, runs: ClaimRuns, result: ClaimResult, at_hand: Mapping[CellName, Cell]) -> Need:
    names = [standing.planned.names[cell[0].key] for cell in runs.cells]
    need = Need("claim", runs.claim.name, names)
    if result.verdict is not Verdict.UNDECIDED:
        return need._replace(known=str(result.verdict))
    if not result.more_may_decide:
        return need._replace(known="no seeds decide it")
    if missing := _missing(names, at_hand):
        return need._replace(known=missing)
    try:
        cells = {name: judged_cell(runs.claim, at_hand[name]) for name in names}
    except UnmeasurableError:
        return need._replace(known="no seeds decide it")
    level, least = standing.planned.looks.level, 1 + (standing.look(names) or 0)
    if runs.claim.metric is ClaimMetric.FASTER:
        tasks = len(runs.model)
        pairs = faster_pairs(ClaimCells([cells[n] for n in names[:tasks]], [[cells[n]] for n in names[tasks:]]))
        return need._replace(seeds=_seeds_to_tell_apart(pairs, 1 - level, least))

    def decides(n: int) -> float:
        decided, samples = 0, draws()
        for rng in samples:
            drawn = (_redrawn(cells[name], n, rng) for name in names)
            model = [next(drawn) for _ in runs.model]
            against = [[next(drawn) for _ in row] for row in runs.against]
            try:
                measured = measure(runs.claim, ClaimCells(model, against, level))
            except UnmeasurableError:
                continue
            decided += judged(runs.claim, measured, n, level).verdict is not Verdict.UNDECIDED
        return decided / len(samples)

    return need._replace(seeds=seeds_needed(decides, least))


def _pair_needs(standing: Standing, at_hand: Mapping[CellName, Cell]) -> Iterator[Need]:
    """Yield what pairs need: Holm's correction asks of the next one to be decided that it beats all that are left."""
    durations = {name: convergence_durations(cell, Unit.STEPS) for name, cell in at_hand.items()}
    left = Counter(result.pair.first[1:] for result in standing.open_pairs)
    significance = standing.planned.looks.significance
    for result in standing.pairs:
        pair, rivals = result.pair, left[result.pair.first[1:]]
        need = Need("pair", str(pair), pair)
        if result.decided:
            yield need._replace(known="told apart")
        elif missing := _missing(pair, at_hand):
            yield need._replace(known=missing)
        else:
            samples = [(durations[pair.first], durations[pair.second])]
            seeds = _seeds_to_tell_apart(samples, significance / rivals, 1 + (result.n or 0))
            yield need._replace(seeds=seeds)


def _seeds_to_tell_apart(samples: Sequence[tuple[Durations, Durations]], significance: float, least: int) -> int | None:
    decides = partial(log_rank_power, samples, significance=significance)
    return seeds_needed(decides, max(least, seeds_to_decide(1, significance, strata=len(samples))))


def _missing(names: Sequence[CellName], at_hand: Mapping[CellName, Cell]) -> str | None:
    """Return that there are too few records to judge by; None where each cell has two."""
    if any(name not in at_hand for name in names):
        return "no records yet"
    return "one record tells no spread" if any(len(at_hand[name].records) == 1 for name in names) else None


def _redrawn(cell: Cell, n: int, rng: np.random.Generator) -> Cell:
    """Return a cell of n of the records, drawn with replacement."""
    return cell._replace(records=[cell.records[index] for index in rng.integers(len(cell.records), size=n).tolist()])
