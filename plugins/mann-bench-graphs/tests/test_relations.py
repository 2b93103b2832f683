from collections import Counter

import pytest
from reading import read

from mann_bench_graphs.relations import relations


def lengths(batch):
    """Return the lengths of the relations that are asked for."""
    return [2 + (relation - 10) // 100 for each in read(batch) for _, relation, _ in each.query]


@pytest.mark.parametrize("relation_list", [0, 1])
def test_each_length_has_a_hundred_distinct_relations(relation_list):
    chains = relations(relation_list)
    assert [(length, each.shape) for length, each in chains.items()] == [(n, (100, n)) for n in (2, 3, 4, 5)]
    assert all(len(set(map(tuple, each.tolist()))) == 100 for each in chains.values())
    assert all(0 <= each.min() <= each.max() <= 9 for each in chains.values())


def test_relation_lists_differ():
    assert all((relations(0)[n] != relations(1)[n]).any() for n in (2, 3, 4, 5))


def test_lengths_are_drawn_before_relations(load, generate):
    counted = Counter(lengths(generate(load("graph_inference"), 17, 1_000)))
    assert [counted[n] / 3_000 for n in (2, 3, 4, 5)] == pytest.approx([0.25] * 4, abs=0.04)


def test_short_relations_are_more_frequent_where_all_links_are_alike(load, generate):
    counted = Counter(lengths(generate(load("graph_inference", relation_draw="by_link"), 17, 1_000)))
    assert counted[2] > 2 * counted[3] > 4 * counted[4] > 8 * counted[5] > 0


def test_a_length_that_leads_nowhere_gives_way_to_a_shorter_one(load, generate):
    counted = Counter(lengths(generate(load("graph_inference"), 14, 1_000)))
    assert counted[2] > counted[5] > 0
    assert sum(counted.values()) == 3_000
