"""Which models of a study are told apart: any two on one task under one protocol, by their steps to convergence."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mann_bench.analysis.measures import Unit, convergence_durations
from mann_bench.core.runs import CellName, Run
from mann_bench.results.schema import Record
from mann_bench.statistics.looks import Looks
from mann_bench.statistics.permutation import Comparison, log_rank_test
from mann_bench.statistics.ranks import holm
from mann_bench.studies.claims import cell_of, recorded


class Pair(NamedTuple):
    """Two cells that differ in their model alone."""

    first: CellName
    second: CellName

    def __str__(self) -> str:
        return f"{self.first.model} and {self.second.model}"


class PairResult(NamedTuple):
    """What records say about a pair.

    Attributes:
        pair: the two cells.
        n: seeds of each that it is judged by; None while they have not completed a look.
        test: of the steps until convergence; None while there is no look.
        decided: whether the two are told apart, by Holm's correction over all pairs of the task.
    """

    pair: Pair
    n: int | None
    test: Comparison | None
    decided: bool


def pairs_by_subject(cells: Iterable[CellName]) -> list[list[Pair]]:
    """Return the pairs of each task and protocol on which several models run."""
    subjects: dict[tuple[str, str], list[CellName]] = {}
    for cell in cells:
        subjects.setdefault((cell.task, cell.protocol), []).append(cell)
    return [[Pair(*pair) for pair in itertools.combinations(each, 2)] for each in subjects.values() if len(each) > 1]


def check_pairs(
    cells: Mapping[CellName, Sequence[Run]], looks: Looks, records: Mapping[str, Record]
) -> list[PairResult]:
    """Return which pairs `records`, by run key, tell apart.

    A pair is judged by the seeds of the last look that both of its cells complete; the pairs of a task share the
    significance of a look, those without a look yet among them.
    """
    results = []
    for pairs in pairs_by_subject(cells):
        looked = [_tested(pair, cells, looks, records) for pair in pairs]
        decided = holm([1.0 if each.test is None else each.test.p_value for each in looked], looks.significance)
        results += [each._replace(decided=told) for each, told in zip(looked, decided, strict=True)]
    return results


def _tested(
    pair: Pair, cells: Mapping[CellName, Sequence[Run]], looks: Looks, records: Mapping[str, Record]
) -> PairResult:
    n = looks.completed(min(recorded(cells[name], records) for name in pair))
    if n is None:
        return PairResult(pair, None, None, decided=False)
    first, second = (convergence_durations(cell_of(cells[name][:n], records), Unit.STEPS) for name in pair)
    return PairResult(pair, n, log_rank_test(first, second), decided=False)
