"""Rankings of the cells of a task: by speed, by solved seeds, by the start of generalising, by the error at length."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import (
    Unit,
    convergence_durations,
    generalization_durations,
    probed,
    scores_at,
    test_sizes,
)
from mann_bench.analysis.rows import CellRow, Row
from mann_bench.core.sizes import Size
from mann_bench.results.schema import RuleRecord
from mann_bench.statistics.interval import SIGNIFICANCE
from mann_bench.statistics.medians import median_estimate
from mann_bench.statistics.permutation import Comparison, log_rank_test, rank_sum_test, share_test
from mann_bench.statistics.ranks import Decided, Rank, decided_pairs, ranks_of, seeds_to_decide
from mann_bench.statistics.survival import Durations, restricted_mean


class By(StrEnum):
    """What cells are ranked by; the less is the better, but of solved seeds."""

    STEPS = "steps"
    SOLVED = "solved"
    GENERALIZING = "generalizing"
    ERROR = "error"


class Ranked(NamedTuple):
    """The cells of one task and protocol as one ranking has them.

    Attributes:
        by: what they are ranked by.
        ranks: a cell each, None where its records hold no such value.
        order: the places of the cells from the best to the worst: by rank, and where that is the same, by their values.
        decided: how many pairs are told apart.
        pairs: of how many that hold a value.
        seeds: the fewest and the most of a cell that holds a value; none where none does.
        told_apart: the pairs that are, by the places of their cells.
        values: what the order goes by where ranks are the same, the less the better; None where there is no value.
    """

    by: By
    ranks: list[Rank | None]
    order: list[int]
    decided: int
    pairs: int
    seeds: tuple[int, int] | None
    told_apart: list[Decided]
    values: list[float | None]


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """The places that a cell may have within its task and protocol; None where its records hold no such value."""

    steps: Rank | None = None
    solved: Rank | None = None
    generalizing: Rank | None = None
    error: Rank | None = None

    @classmethod
    def of(cls, ranked: Sequence[Ranked], place: int) -> "Ranks":
        """Return those of the cell at a place of the ranked ones."""
        return cls(**{each.by: each.ranks[place] for each in ranked})

    def get(self, by: By) -> Rank | None:
        """Return the places by one ranking."""
        rank: Rank | None = getattr(self, by)
        return rank


@dataclass(frozen=True, kw_only=True)
class RankRow(CellRow):
    """A cell among the others of its task and protocol."""

    seeds: int
    rank: Ranks


@dataclass(frozen=True, kw_only=True)
class PairsRow(Row):
    """How many pairs of the cells of a task and protocol one ranking tells apart.

    Attributes:
        models: cells that are ranked; the records of the others hold no such value.
        seeds_at_least, seeds_at_most: of each of them; None where there is none.
        seeds_needed: of each, for it to be possible at all that a pair is told apart; None where there is no pair.
    """

    task: str
    protocol: str
    by: By
    models: int
    pairs: int
    decided: int
    seeds_at_least: int | None
    seeds_at_most: int | None
    seeds_needed: int | None


class Subject(NamedTuple):
    """What ranks are made within."""

    task: str
    protocol: str
    rule: RuleRecord

    @classmethod
    def of(cls, cell: Cell) -> "Subject":
        """Return that of a cell."""
        return cls(cell.task, cell.protocol, cell.rule)


class _Measure(NamedTuple):
    """How cells are ranked by something: what is taken of each, how two are tested, which is better where all is even.

    A sample is None where the records of a cell hold no such value.
    """

    sample: Callable[[Cell, Size | None], Any]
    test: Callable[[Any, Any], Comparison]
    value: Callable[[Any], float]


def subjects(cells: Sequence[Cell]) -> dict[Subject, list[Cell]]:
    """Return the cells that are ranked with each other, in their order."""
    found: dict[Subject, list[Cell]] = {}
    for cell in cells:
        found.setdefault(Subject.of(cell), []).append(cell)
    return found


def rankings(cells: Sequence[Cell], corrected: bool = True, significance: float = SIGNIFICANCE) -> list[Ranked]:
    """Return every ranking of the cells of one task and protocol.

    Args:
        cells: as of `subjects`.
        corrected: whether the level of the tests holds for all pairs together, or for each alone.
        significance: that level; of a study with looks, what it leaves each of them.
    """
    longest = _longest(cells)
    return [_ranked(by, cells, longest, corrected, significance) for by in By]


def rank_rows(cells: Sequence[Cell]) -> list[RankRow]:
    """Return one row a cell of which there are others of the same task and protocol."""
    return [
        _rank_row(cell, Ranks.of(ranked, place))
        for of_subject in subjects(cells).values()
        if len(of_subject) > 1
        for ranked in [rankings(of_subject)]
        for place, cell in enumerate(of_subject)
    ]


def pairs_rows(cells: Sequence[Cell], corrected: bool = True) -> list[PairsRow]:
    """Return one row a ranking of each task and protocol with several cells; `corrected` as of `rankings`."""
    return [
        pairs_row(subject, ranked)
        for subject, of_subject in subjects(cells).items()
        if len(of_subject) > 1
        for ranked in rankings(of_subject, corrected)
    ]


def pairs_row(subject: Subject, ranked: Ranked, significance: float = SIGNIFICANCE) -> PairsRow:
    """Return what a ranking tells apart at a level, as a row."""
    fewest, most = ranked.seeds or (None, None)
    return PairsRow(
        task=subject.task,
        protocol=subject.protocol,
        by=ranked.by,
        models=sum(rank is not None for rank in ranked.ranks),
        pairs=ranked.pairs,
        decided=ranked.decided,
        seeds_at_least=fewest,
        seeds_at_most=most,
        seeds_needed=seeds_to_decide(ranked.pairs, significance) if ranked.pairs else None,
    )


def _rank_row(cell: Cell, rank: Ranks) -> RankRow:
    return RankRow(**cell.columns, seeds=len(cell.records), rank=rank)


def pair_tests(first: Cell, second: Cell) -> dict[By, Comparison]:
    """Return the test of two cells of one task and protocol by each ranking of which both hold a value."""
    longest, found = _longest((first, second)), {}
    for by, measure in _MEASURES.items():
        ours, theirs = (measure.sample(cell, longest) for cell in (first, second))
        if ours is not None and theirs is not None:
            found[by] = measure.test(ours, theirs)
    return found


def _longest(cells: Sequence[Cell]) -> Size | None:
    return next((sizes[-1] for cell in cells if (sizes := test_sizes(cell))), None)


def _ranked(by: By, cells: Sequence[Cell], longest: Size | None, corrected: bool, significance: float) -> Ranked:
    measure = _MEASURES[by]
    samples = [measure.sample(cell, longest) for cell in cells]
    known = [place for place, sample in enumerate(samples) if sample is not None]
    sizes = [len(cells[place].records) for place in known]
    decided = decided_pairs(
        sizes,
        lambda first, second: measure.test(samples[known[first]], samples[known[second]]),
        significance,
        corrected,
    )
    ranks: list[Rank | None] = [None] * len(cells)
    values: list[float | None] = [None] * len(cells)
    for place, rank in zip(known, ranks_of(len(known), decided), strict=True):
        ranks[place], values[place] = rank, measure.value(samples[place])
    order = sorted(known, key=lambda place: (ranks[place], values[place], place))
    order += [place for place in range(len(cells)) if place not in set(known)]
    told_apart = [Decided(known[better], known[worse]) for better, worse in decided]
    seeds = (min(sizes), max(sizes)) if sizes else None
    return Ranked(by, ranks, order, len(decided), math.comb(len(known), 2), seeds, told_apart, values)


def _solved(cell: Cell) -> tuple[int, int]:
    return sum(record.converged_first is not None for record in cell.records), len(cell.records)


def _generalizing(cell: Cell) -> Durations | None:
    return generalization_durations(cell) if probed(cell) else None


def _errors(cell: Cell, longest: Size | None) -> list[float] | None:
    """Return the score of the rule at the longest size, a run each: inf of one that broke off before it was tested."""
    metric, tested = cell.rule.metric, [record for record in cell.records if record.generalization]
    held = any(metric in row.scores for record in tested for row in record.generalization if row.size == longest)
    broken = not tested and all(record.outcome.broke_off for record in cell.records)
    if longest is None or not (held or broken):
        return None
    return [score for record in cell.records for score in scores_at(record, [longest], metric)]


_MEASURES = {
    By.STEPS: _Measure(lambda cell, _: convergence_durations(cell, Unit.STEPS), log_rank_test, restricted_mean),
    By.SOLVED: _Measure(lambda cell, _: _solved(cell), share_test, lambda share: -share[0] / share[1]),
    By.GENERALIZING: _Measure(lambda cell, _: _generalizing(cell), log_rank_test, restricted_mean),
    By.ERROR: _Measure(_errors, rank_sum_test, lambda scores: median_estimate(scores).value),
}
