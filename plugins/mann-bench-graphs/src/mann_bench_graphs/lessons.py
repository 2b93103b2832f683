"""The lessons of Graves et al. 2016, and the graph that comes after the last."""

from typing import NamedTuple

from mann_bench_graphs.planar import DEGREES


class Range(NamedTuple):
    """Whole numbers, all equally likely.

    Attributes:
        low, high: both ends, themselves included.
    """

    low: int
    high: int


class Lesson(NamedTuple):
    """What the graphs and questions of a lesson are drawn from.

    Attributes:
        nodes: of a graph.
        degree: edges that leave a node; a node of a small graph has at most one to every other node.
        path: edges of a walk, or of a relation.
        most_edges: how many edges a graph may have.
    """

    nodes: Range
    degree: Range
    path: Range
    most_edges: int


def _lessons(*rows: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]) -> tuple[Lesson, ...]:
    found = []
    for row in rows:
        nodes, degree, path = (Range(*each) for each in row)
        found.append(Lesson(nodes, degree, path, nodes.high * min(degree.high, nodes.high - 1)))
    return tuple(found)


TRAVERSAL = _lessons(
    ((3, 10), (2, 4), (1, 1)),
    ((3, 10), (2, 4), (1, 2)),
    ((5, 10), (2, 4), (1, 3)),
    ((5, 10), (2, 4), (1, 4)),
    ((10, 15), (2, 4), (1, 4)),
    ((10, 15), (2, 4), (1, 5)),
    ((10, 20), (2, 4), (1, 5)),
    ((10, 20), (2, 4), (1, 6)),
    ((10, 30), (2, 4), (1, 6)),
    ((10, 30), (2, 4), (1, 7)),
    ((10, 30), (2, 4), (1, 8)),
    ((10, 30), (2, 4), (1, 9)),
    ((10, 40), (2, 6), (1, 10)),
    ((10, 40), (2, 6), (1, 20)),
)
"""Lessons 1 to 14 of traversal."""

INFERENCE = _lessons(
    ((3, 3), (2, 2), (2, 2)),
    ((3, 5), (2, 2), (2, 2)),
    ((4, 6), (2, 4), (2, 2)),
    ((4, 6), (2, 4), (2, 2)),
    ((6, 12), (2, 4), (2, 2)),
    ((12, 18), (2, 4), (2, 2)),
    ((4, 6), (2, 4), (2, 3)),
    ((6, 12), (2, 4), (2, 3)),
    ((12, 18), (2, 4), (2, 3)),
    ((4, 6), (2, 4), (2, 4)),
    ((4, 6), (2, 4), (2, 4)),
    ((6, 12), (2, 4), (2, 4)),
    ((12, 18), (2, 4), (2, 4)),
    ((4, 6), (2, 4), (2, 5)),
    ((6, 12), (2, 4), (2, 5)),
    ((12, 18), (2, 4), (2, 5)),
    ((20, 25), (2, 4), (2, 5)),
)
"""Lessons 1 to 17 of inference; 4 and 11 repeat the ones before them, as the paper's table does."""


def planar(path: int) -> Lesson:
    """Return what stands after the last lesson: the fixed planar graph, with paths of one length."""
    nodes = len(DEGREES)
    return Lesson(Range(nodes, nodes), Range(min(DEGREES), max(DEGREES)), Range(path, path), sum(DEGREES))
