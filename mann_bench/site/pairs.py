"""Two models beside each other: what the tests of a ranking say of each pair, as a page embeds it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.comparison import speed_ratio
from mann_bench.analysis.ranking import By, Ranked, pair_tests
from mann_bench.reporting.tables.comparison import p_text, ratio_words
from mann_bench.statistics.permutation import Comparison

MOST_COMPARED = 24
"""Most rows of a task of which each pair is tested for a page."""


class Test(NamedTuple):
    """A test of two rows.

    Attributes:
        lead: below 0 where the first tends to be the better, above 0 where the second does.
        p: of this pair alone.
        told: whether the two are told apart when all pairs of the task are taken together.
    """

    lead: int
    p: str
    told: bool


class Pair(NamedTuple):
    """Two rows of a page on one task.

    Attributes:
        task: number of the task.
        first, second: numbers of the rows.
        ratio: median steps of the second over those of the first, with the interval.
        tests: one of each ranking, None where a row holds no such value.
    """

    task: int
    first: int
    second: int
    ratio: str
    tests: list[Test | None]


def pairs(task: int, cells: Sequence[Cell], rows: Sequence[int | None], ranked: Mapping[By, Ranked]) -> Iterator[Pair]:
    """Yield the pairs of the first rows of a task.

    Args:
        task: its number.
        cells: all of the task, in the order of the rankings.
        rows: the number of the row of each; None where it has none.
        ranked: every ranking of these cells.
    """
    told = {by: set(each.told_apart) for by, each in ranked.items()}
    numbers = {place: row for place, row in enumerate(rows) if row is not None}
    for first, second in combinations(sorted(numbers, key=numbers.__getitem__)[:MOST_COMPARED], 2):
        tests = pair_tests(cells[first], cells[second])
        decided = {by: bool({(first, second), (second, first)} & told[by]) for by in told}
        yield Pair(
            task, numbers[first], numbers[second], ratio_words(speed_ratio(cells[first], cells[second])),
            [_test(tests[by], decided[by]) if by in tests else None for by in By],
        )  # fmt: skip


def _test(made: Comparison, told: bool) -> Test:
    return Test((made.lead > 0) - (made.lead < 0), p_text(made.p_value), told)
