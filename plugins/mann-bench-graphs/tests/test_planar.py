import itertools
import math

from mann_bench_graphs.planar import DEGREES, JOINED, NEIGHBOURS, POINTS


def side(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def cross(first, second):
    """Tell whether two edges without a common node cross."""
    (a, b), (c, d) = ([POINTS[node] for node in edge] for edge in (first, second))
    return side(a, b, c) * side(a, b, d) <= 0 and side(c, d, a) * side(c, d, b) <= 0


def test_the_planar_graph_has_25_nodes_and_84_directed_edges():
    assert (len(POINTS), len(NEIGHBOURS), sum(DEGREES)) == (25, 25, 84)


def test_no_two_edges_cross():
    pairs = [pair for pair in itertools.combinations(JOINED, 2) if not set(pair[0]) & set(pair[1])]
    assert not any(cross(*pair) for pair in pairs)


def test_nodes_are_joined_where_no_third_lies_between():
    square = [[math.dist(a, b) ** 2 for b in POINTS] for a in POINTS]
    free = [
        (a, b)
        for a, b in itertools.combinations(range(25), 2)
        if all(square[a][c] + square[c][b] > square[a][b] + 1e-9 for c in range(25) if c not in (a, b))
    ]
    assert tuple(free) == JOINED


def test_every_node_can_be_reached():
    reached, new = set(), {0}
    while new:
        reached |= new
        new = {end for node in new for end in NEIGHBOURS[node]} - reached
    assert len(reached) == 25
