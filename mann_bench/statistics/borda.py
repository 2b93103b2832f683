"""Borda points over several tasks, as far as ranks are known.

A task gives an entry the share of the others that stand below it: 1 for the first, 0 for the last. Source: Borda 1781,
"Mémoire sur les élections au scrutin"; of benchmarks Colombo et al. 2022, "What are the best systems? New perspectives
on NLP benchmarking", https://arxiv.org/abs/2202.03799
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from mann_bench.statistics.ranks import Rank


class Standing(NamedTuple):
    """Where an entry stands in one task.

    Attributes:
        rank: the places that it may have.
        place: the one that its value gives it, from 1; a half where two share one.
        of: how many entries the task ranks.
    """

    rank: Rank
    place: float
    of: int


class Borda(NamedTuple):
    """The mean over tasks of an entry's points.

    Attributes:
        value: from 0, last everywhere, to 1, first everywhere.
        low, high: what the ranks of all tasks leave open. It holds with the level with which all ranks hold at once.
        tasks: how many tasks rank it.
    """

    value: float
    low: float
    high: float
    tasks: int


def borda(standings: Sequence[Standing | None]) -> Borda:
    """Return the points of an entry over tasks, one standing each.

    A task that does not rank it, or ranks nothing else, leaves its place open: it may be any, and counts as the middle.

    Raises ValueError where there is no task.
    """
    if not standings:
        raise ValueError("Borda points need at least one task")
    parts = [_points(each) for each in standings]
    value, low, high = (math.fsum(part) / len(parts) for part in zip(*parts, strict=True))
    return Borda(value, low, high, sum(each is not None and each.of > 1 for each in standings))


def _points(standing: Standing | None) -> tuple[float, float, float]:
    """Return the points of a task: as its place has it, the least and the most."""
    if standing is None or standing.of < 2:
        return 0.5, 0.0, 1.0
    rank, others = standing.rank, standing.of - 1
    # A test may put an entry where its value alone would not.
    place = min(max(standing.place, rank.best), rank.worst)
    return (standing.of - place) / others, (standing.of - rank.worst) / others, (standing.of - rank.best) / others
