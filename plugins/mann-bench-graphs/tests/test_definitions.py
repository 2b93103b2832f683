"""Both tasks against their definitions in plain Python, on thousands of sequences."""

import random
from collections import Counter

import numpy as np
import plain
import pytest
from reading import read

from mann_bench_graphs.graphs import draw_distinct, draw_graphs
from mann_bench_graphs.lessons import INFERENCE, TRAVERSAL
from mann_bench_graphs.planar import JOINED

COUNT = 300


def chains_of(task):
    """Return the chain of each relation by its label."""
    lists = [chain for length in sorted(task.chains) for chain in task.chains[length].tolist()]
    return dict(enumerate(lists, start=10))


def check_graph(edges, nodes, degree):
    """See that edges are those of a graph of a lesson, and return where they lead."""
    leads = {(source, edge): end for source, edge, end in edges}
    degrees = Counter(source for source, _, _ in edges)
    assert len(leads) == len(edges)
    assert len(degrees) in nodes
    most = len(degrees) - 1
    assert all(min(degree.start, most) <= each <= min(degree.stop - 1, most) for each in degrees.values())
    assert {end for _, _, end in edges} <= degrees.keys()
    assert len({(source, end) for source, _, end in edges}) == len(edges)
    assert all(source != end for source, _, end in edges)
    return leads


@pytest.mark.parametrize("number", range(1, 15))
def test_walks_are_those_of_the_definition(load, generate, number):
    nodes, degree, path = plain.lesson(plain.TRAVERSAL, number)
    for edges, query, answers, *_ in read(generate(load("graph_traversal"), number, COUNT)):
        leads = check_graph(edges, nodes, degree)
        assert len({edge for _, edge, _ in edges}) <= len({source for source, _, _ in edges})
        assert all(1 <= label <= 999 for triple in edges for label in triple)
        walk, at = [], query[0][0]
        for source, edge, end in query:
            assert (source, end) == (at if not walk else -1, -1)
            walk.append((at, edge, leads[at, edge]))
            at = leads[at, edge]
        assert len(walk) in path
        assert answers == [*walk, (0, 0, 0)]


@pytest.mark.parametrize("number", range(1, 18))
def test_relations_lead_where_the_definition_says(load, generate, number):
    nodes, degree, path = plain.lesson(plain.INFERENCE, number)
    task = load("graph_inference")
    chains = chains_of(task)
    for edges, query, answers, *_ in read(generate(task, number, COUNT)):
        leads = check_graph(edges, nodes, degree)
        assert all(0 <= edge <= 9 for _, edge, _ in edges)
        assert len(query) == 3
        assert all(len(chains[relation]) in path for _, relation, _ in query)
        assert answers == [(s, r, plain.followed(leads, s, chains[r])) for s, r, _ in query]


@pytest.mark.parametrize("name", ["graph_traversal", "graph_inference"])
def test_the_lessons_are_those_of_the_paper(load, name):
    table = {"graph_traversal": plain.TRAVERSAL, "graph_inference": plain.INFERENCE}[name]
    task = load(name)
    for size in task.training_sizes():
        nodes, degree, path, most = task.lesson(size)
        ours = [range(low, high + 1) for low, high in (nodes, degree, path)]
        assert ours == plain.lesson(table, size["lesson"])
        assert most == nodes.high * min(degree.high, nodes.high - 1)


@pytest.mark.parametrize("lesson", [TRAVERSAL[0], TRAVERSAL[4], TRAVERSAL[13], INFERENCE[0], INFERENCE[16]])
def test_edges_lead_to_the_nearest_nodes(lesson):
    rng = np.random.default_rng(0)
    nodes, degrees, ends = draw_graphs(rng, lesson, 40)
    again = np.random.default_rng(0)
    again.integers(lesson.nodes.low, lesson.nodes.high + 1, 40)
    again.integers(lesson.degree.low, lesson.degree.high + 1, degrees.shape)
    points = again.random((2, *degrees.shape), dtype=np.float32).transpose(1, 2, 0)
    for graph in range(40):
        there = points[graph, : nodes[graph]].tolist()
        for node in range(nodes[graph]):
            count = degrees[graph, node]
            assert ends[graph, node, :count].tolist() == plain.nearest(there, node)[:count]
    assert (degrees[np.arange(degrees.shape[1]) >= nodes[:, None]] == 0).all()


def shape(drawn):
    """Return what graphs are compared by: nodes, edges, edges that lead both ways, the greatest number of arrivals."""
    pairs = {(source, end) for source, _, end in drawn}
    arrivals = Counter(end for _, end in pairs)
    return [
        len({source for source, _ in pairs}),
        len(pairs),
        sum(p[::-1] in pairs for p in pairs),
        max(arrivals.values()),
    ]


@pytest.mark.parametrize(("name", "number"), [("graph_traversal", 1), ("graph_traversal", 6), ("graph_inference", 16)])
def test_graphs_have_the_shapes_of_those_of_a_plain_program(load, generate, name, number):
    task, rng, count = load(name), random.Random(0), 1_000
    if name == "graph_traversal":
        theirs = [plain.draw_traversal(rng, number).edges for _ in range(count)]
    else:
        theirs = [plain.draw_inference(rng, number, chains_of(task)).edges for _ in range(100)]
    ours = [shape(each.edges) for each in read(generate(task, number, count))]
    theirs = [shape(each) for each in theirs]
    errors = np.std(ours, axis=0) * (1 / len(ours) + 1 / len(theirs)) ** 0.5
    assert (np.abs(np.mean(ours, axis=0) - np.mean(theirs, axis=0)) <= 5 * errors).all()


def test_plain_sequences_are_laid_out_as_ours(load, generate):
    sizes = {name: generate(load(name), 2, 1).inputs.shape[0] for name in ("graph_traversal", "graph_inference")}
    rng, chains = random.Random(0), chains_of(load("graph_inference"))
    for name, length in sizes.items():
        draw = (
            plain.draw_traversal if name == "graph_traversal" else lambda rng, n: plain.draw_inference(rng, n, chains)
        )
        for ours in read(generate(load(name), 2, 20)):
            drawn = draw(rng, 2)
            inputs, _, mask = plain.rows(drawn, length)
            marked = [t - len(drawn.edges) for t, row in enumerate(inputs) if row[90]]
            assert len(inputs) == len(mask) == length
            if len(drawn.answers) == ours.steps - len(ours.edges):
                assert marked == [t - len(ours.edges) for t in ours.marked]


def test_every_step_of_a_walk_is_as_likely(load, generate):
    drawn = read(generate(load("graph_traversal"), 1, 6_000))
    places = []
    for edges, query, *_ in drawn:
        choices = sorted(edge for source, edge, _ in edges if source == query[0][0])
        places.append((len(choices), choices.index(query[0][1])))
    counted = Counter(places)
    for degree in (2, 3, 4):
        total = sum(count for (of, _), count in counted.items() if of == degree)
        assert all(counted[degree, place] / total == pytest.approx(1 / degree, abs=0.05) for place in range(degree))


def test_all_lengths_of_a_lesson_are_as_likely(load, generate):
    drawn = Counter(len(each.query) for each in read(generate(load("graph_traversal"), 4, 4_000)))
    assert [drawn[n] / 4_000 for n in (1, 2, 3, 4)] == pytest.approx([0.25] * 4, abs=0.04)


def test_edges_are_told_in_a_random_order(load, generate):
    drawn = read(generate(load("graph_traversal"), 1, 3_000))
    places = [
        next(t for t, (source, edge, _) in enumerate(edges) if (source, edge) == query[0][:2]) / (len(edges) - 1)
        for edges, query, *_ in drawn
    ]
    assert np.quantile(places, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.05)


def test_distinct_numbers_are_uniform_in_every_place():
    drawn = draw_distinct(np.random.default_rng(0), range(3, 8), 20_000, 4)
    assert all(len(set(row)) == 4 for row in drawn.tolist())
    shares = [np.bincount(column, minlength=8)[3:] / 20_000 for column in drawn.T]
    assert np.array(shares) == pytest.approx(np.full((4, 5), 0.2), abs=0.015)


@pytest.mark.parametrize(("name", "lesson", "path"), [("graph_traversal", 15, 7), ("graph_inference", 18, 4)])
def test_the_last_size_is_the_planar_graph(load, generate, name, lesson, path):
    task = load(name)
    assert task.test_sizes()[-1] == {"lesson": lesson}
    for edges, query, *_ in read(generate(task, lesson, 20)):
        pairs = {(source, end) for source, _, end in edges}
        assert len(pairs) == len(edges) == 2 * len(JOINED)
        assert all(pair[::-1] in pairs for pair in pairs)
        lengths = [len(chains_of(task)[r]) for _, r, _ in query] if name == "graph_inference" else [len(query)]
        assert set(lengths) == {path}
