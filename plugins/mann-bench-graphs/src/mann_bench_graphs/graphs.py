"""Random graphs as Graves et al. 2016 draw them, a batch at once."""

from typing import Any, NamedTuple

import numpy as np

from mann_bench_graphs.lessons import Lesson
from mann_bench_graphs.planar import DEGREES, NEIGHBOURS

Numbers = np.ndarray[Any, np.dtype[np.int64]]


class Graphs(NamedTuple):
    """Directed graphs. B graphs, N places for nodes, K places for the edges that leave a node.

    Attributes:
        nodes: how many each graph has, [B]; they are numbered from 0.
        degrees: how many edges leave each node, [B, N]; 0 where there is no node.
        ends: the node that each edge leads to, [B, N, K]; of no meaning where there is no edge.
    """

    nodes: Numbers
    degrees: Numbers
    ends: Numbers


def draw_graphs(rng: np.random.Generator, lesson: Lesson, count: int) -> Graphs:
    """Draw points in the unit square; from each, edges lead to its nearest others, as many as its out-degree says."""
    places = lesson.nodes.high
    nodes = rng.integers(lesson.nodes.low, places + 1, count)
    present = np.arange(places) < nodes[:, None]
    drawn = rng.integers(lesson.degree.low, lesson.degree.high + 1, (count, places))
    degrees = np.minimum(drawn, nodes[:, None] - 1) * present
    return Graphs(nodes, degrees, _nearest(rng, present, int(degrees.max())))


def _nearest(rng: np.random.Generator, present: np.ndarray[Any, np.dtype[np.bool_]], count: int) -> Numbers:
    """Return the nearest other nodes of random points, [B, N, count], the nearest first."""
    points = rng.random((2, *present.shape), dtype=np.float32)
    distances = np.square(points[:, :, :, None] - points[:, :, None]).sum(0)  # [B, N, N]
    distances[~np.broadcast_to(present[:, None], distances.shape)] = np.inf
    diagonal = np.arange(present.shape[1])
    distances[:, diagonal, diagonal] = np.inf
    ends = np.empty((*present.shape, count), dtype=np.int64)
    for edge in range(count):
        ends[..., edge] = distances.argmin(-1)
        np.put_along_axis(distances, ends[..., edge, None], np.inf, axis=-1)
    return ends


def planar_graphs(count: int) -> Graphs:
    """Return the fixed planar graph, once for each sequence."""
    most = max(DEGREES)
    ends = np.array([[*ends, *[0] * (most - len(ends))] for ends in NEIGHBOURS])
    nodes, degrees = np.array(len(DEGREES)), np.array(DEGREES)
    return Graphs(*(np.broadcast_to(each, (count, *each.shape)) for each in (nodes, degrees, ends)))


def draw_distinct(rng: np.random.Generator, numbers: range, count: int, each: int) -> Numbers:
    """Draw `each` distinct numbers, `count` times, [count, each]; every order is equally likely."""
    drawn = rng.integers(numbers.start, numbers.stop, (count, each))
    while (again := _repeats(drawn)).any():
        drawn[again] = rng.integers(numbers.start, numbers.stop, (int(again.sum()), each))
    return drawn


def _repeats(drawn: Numbers) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell of each row whether a number comes twice."""
    ordered = np.sort(drawn, axis=-1)
    twice: np.ndarray[Any, np.dtype[np.bool_]] = (ordered[:, 1:] == ordered[:, :-1]).any(-1)
    return twice


def draw_slots(rng: np.random.Generator, below: Numbers, graphs: Graphs) -> Numbers:
    """Draw distinct numbers for the edges of each node, [B, N, K].

    Args:
        rng: the generator.
        below: the numbers of a graph are those from 0 to below this one, [B]; at least as many as edges leave a node.
        graphs: whose edges these are.
    """
    slots = np.empty(graphs.ends.shape, dtype=np.int64)
    for edge in range(slots.shape[-1]):
        left = np.maximum(below - edge, 1)[:, None]
        slot = draw_below(rng, np.broadcast_to(left, slots.shape[:2]))
        for taken in np.moveaxis(np.sort(slots[..., :edge], axis=-1), -1, 0):
            slot += slot >= taken
        slots[..., edge] = slot
    return slots


def draw_below(rng: np.random.Generator, below: Numbers) -> Numbers:
    """Draw a number from 0 to below each of some numbers, which are far below 2 ** 53."""
    return (rng.random(below.shape) * below).astype(np.int64)
