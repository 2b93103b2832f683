"""The definitions once more, in plain Python, one sequence at a time: what the tasks are tested and timed against."""

import math
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Triple = tuple[int, int, int]

TRAVERSAL = """
3-10 2-4 1-1|3-10 2-4 1-2|5-10 2-4 1-3|5-10 2-4 1-4|10-15 2-4 1-4|10-15 2-4 1-5|10-20 2-4 1-5|10-20 2-4 1-6|
10-30 2-4 1-6|10-30 2-4 1-7|10-30 2-4 1-8|10-30 2-4 1-9|10-40 2-6 1-10|10-40 2-6 1-20
"""
INFERENCE = """
3-3 2-2 2-2|3-5 2-2 2-2|4-6 2-4 2-2|4-6 2-4 2-2|6-12 2-4 2-2|12-18 2-4 2-2|4-6 2-4 2-3|6-12 2-4 2-3|12-18 2-4 2-3|
4-6 2-4 2-4|4-6 2-4 2-4|6-12 2-4 2-4|12-18 2-4 2-4|4-6 2-4 2-5|6-12 2-4 2-5|12-18 2-4 2-5|20-25 2-4 2-5
"""
QUERIES, PLANNING = 3, 10


class Drawn(NamedTuple):
    """A description, and questions with their answers, step by step; None is an empty step."""

    edges: list[Triple]
    steps: list[Triple | None]
    answers: list[Triple | None]


def lesson(table: str, number: int) -> list[range]:
    """Return the nodes, the out-degree and the path of a lesson."""
    row = "".join(table.split("\n")).split("|")[number - 1]
    ends = [tuple(map(int, part.split("-"))) for part in row.split()]
    return [range(low, high + 1) for low, high in ends]


def draw_graph(rng: random.Random, nodes: range, degree: range) -> dict[int, list[int]]:
    """Return where the edges of each node lead."""
    count = rng.choice(nodes)
    points = [(rng.random(), rng.random()) for _ in range(count)]
    return {n: nearest(points, n)[: rng.choice(degree)] for n in range(count)}


def nearest(points: Sequence[tuple[float, float]], node: int) -> list[int]:
    """Return all other nodes, the nearest first."""
    others = [other for other in range(len(points)) if other != node]
    return sorted(others, key=lambda other: math.dist(points[node], points[other]))


def draw_traversal(rng: random.Random, number: int) -> Drawn:
    nodes, degree, path = lesson(TRAVERSAL, number)
    graph = draw_graph(rng, nodes, degree)
    names, pool = (rng.sample(range(1, 1000), len(graph)) for _ in range(2))
    leads = {}
    for node, ends in graph.items():
        for end, edge in zip(ends, rng.sample(pool, len(ends)), strict=True):
            leads[names[node], edge] = names[end]
    at, walk = rng.choice(names), []
    for _ in range(rng.choice(path)):
        edge = rng.choice([edge for source, edge in leads if source == at])
        walk.append((at, edge, leads[at, edge]))
        at = leads[at, edge]
    edges = [(source, edge, end) for (source, edge), end in leads.items()]
    rng.shuffle(edges)
    query = [(source if step == 0 else -1, edge, -1) for step, (source, edge, _) in enumerate(walk)]
    return Drawn(edges, [*query, *[None] * (len(walk) + 1)], [*[None] * len(walk), *walk, (0, 0, 0)])


def draw_inference(rng: random.Random, number: int, chains: Mapping[int, Sequence[int]]) -> Drawn:
    """Draw graph and questions; `chains` are the edges of each relation."""
    nodes, degree, path = lesson(INFERENCE, number)
    graph = draw_graph(rng, nodes, degree)
    names = rng.sample(range(1000), len(graph))
    leads = {}
    for node, ends in graph.items():
        for end, edge in zip(ends, rng.sample(range(10), len(ends)), strict=True):
            leads[names[node], edge] = names[end]
    edges = [(source, edge, end) for (source, edge), end in leads.items()]
    rng.shuffle(edges)
    known = [
        (source, relation, end)
        for source in names
        for relation, chain in chains.items()
        if (end := followed(leads, source, chain)) is not None
    ]
    steps, answers = list[Triple | None](), list[Triple | None]()
    for _ in range(QUERIES):
        length = rng.choice(path)
        while not (found := [triple for triple in known if len(chains[triple[1]]) == length]):
            length -= 1
        source, relation, end = rng.choice(found)
        steps += [(source, relation, -1), *[None] * (PLANNING + 1)]
        answers += [*[None] * (PLANNING + 1), (source, relation, end)]
    return Drawn(edges, steps, answers)


def followed(leads: Mapping[tuple[int, int], int], source: int, chain: Sequence[int]) -> int | None:
    """Return where a chain of edges ends; None where it leads nowhere."""
    at: int | None = source
    for edge in chain:
        at = None if at is None else leads.get((at, edge))
    return at


def rows(drawn: Drawn, length: int) -> tuple[list[list[float]], list[list[float]], list[float]]:
    """Return inputs, targets and mask of a sequence as lists, filled up to a length."""
    # What happens at each step: 0 a description, 1 a query, 2 planning, 3 an answer.
    kinds = [0] * len(drawn.edges)
    for step, answer in zip(drawn.steps, drawn.answers, strict=True):
        kinds.append(1 if step else 3 if answer else 2)
    answers = [*[None] * len(drawn.edges), *drawn.answers]
    inputs, before = [], 0
    for triple, kind in zip([*drawn.edges, *drawn.steps], kinds, strict=True):
        inputs.append([*one_hot(triple or (-1, -1, -1)), float(kind != before), float(kind == 3)])
        before = kind
    targets = [one_hot(answer or (-1, -1, -1)) for answer in answers]
    mask = [float(answer is not None) for answer in answers]
    empty = length - len(inputs)
    return inputs + [[0.0] * 92] * empty, targets + [[0.0] * 90] * empty, mask + [0.0] * empty


def one_hot(triple: Triple) -> list[float]:
    """Return nine digits of ten channels; all are 0 for a label of -1."""
    digits = "".join("xxx" if label < 0 else f"{label:03}" for label in triple)
    return [float(digit == channel) for digit in digits for channel in "0123456789"]
