"""Which steps tell, ask, mark and count."""

import pytest
from reading import read


def test_walks_are_marked_at_the_query_and_at_the_answer(load, generate):
    for each in read(generate(load("graph_traversal"), 4, 50)):
        start, length = len(each.edges), len(each.query)
        assert each.marked == [start, start + length]
        assert each.wanted == list(range(start + length, start + 2 * length + 1))
        assert each.steps == start + 2 * length + 1


def test_inference_marks_query_planning_and_answer(load, generate):
    for each in read(generate(load("graph_inference"), 5, 50)):
        queries = [len(each.edges) + 12 * n for n in range(3)]
        assert each.marked == [q + step for q in queries for step in (0, 1, 11)]
        assert each.wanted == [q + 11 for q in queries]


def test_without_planning_the_answer_follows_the_query(load, generate):
    for each in read(generate(load("graph_inference", queries=2, planning=0), 1, 20)):
        queries = [6, 8]
        assert each.marked == [q + step for q in queries for step in (0, 1)]
        assert each.wanted == [q + 1 for q in queries]


@pytest.mark.parametrize("name", ["graph_traversal", "graph_inference"])
def test_each_step_of_a_query_can_be_marked_instead(load, generate, name):
    for each in read(generate(load(name, phase_mark="query"), 4, 50)):
        assert len(each.marked) == len(each.query)


def test_an_answer_may_have_no_end(load, generate):
    for each in read(generate(load("graph_traversal", end="none"), 3, 50)):
        assert len(each.answers) == len(each.query)
        assert (0, 0, 0) not in each.answers


def test_nothing_happens_after_short_sequences(load, generate):
    batch = generate(load("graph_traversal"), 3, 200)
    steps = [each.steps for each in read(batch)]
    assert min(steps) < max(steps) <= len(batch.inputs) == 10 * 4 + 2 * 3 + 1


def test_sequences_that_are_all_alike_fill_all_steps(load, generate):
    batch = generate(load("graph_inference"), 1, 50)
    assert {each.steps for each in read(batch)} == {len(batch.inputs)} == {6 + 3 * 12}


def test_edges_may_have_their_last_digit_alone(load, generate):
    inputs = generate(load("graph_inference", edge_digits="last"), 1, 50).inputs
    assert inputs[:6, :, 30:50].sum() == 0
    assert inputs[:6, :, 50:60].sum(-1).eq(1).all()
