import pytest
import torch

from mann_bench.nn import sparse
from mann_bench.nn.sparse import SparseWeighting


def weighting(slots, weights):
    return SparseWeighting(torch.tensor([[slots]]), torch.tensor([[weights]], dtype=torch.float64))


def test_a_slot_listed_twice_has_the_sum_of_its_weights():
    dense = weighting([1, 3, 1], [0.25, 0.5, 0.125]).dense(4)
    assert dense.tolist() == [[[0.0, 0.375, 0.0, 0.5]]]


@pytest.mark.parametrize(
    ("values", "count", "places"),
    [
        ([3.0, 1.0, 2.0], 2, [0, 2]),
        ([1.0, 1.0, 1.0, 1.0], 2, [0, 1]),
        ([0.0, 2.0, 1.0, 1.0, 1.0], 3, [1, 2, 3]),
        ([5.0, 5.0, 7.0], 3, [2, 0, 1]),
    ],
)
def test_of_equal_values_the_first_are_the_largest(values, count, places):
    assert sparse.largest(torch.tensor(values), count).tolist() == places


def test_the_choice_among_many_equals_is_always_the_first(normal):
    values = normal(50, 300).round()
    expected = values.argsort(dim=-1, descending=True, stable=True)[:, :20]
    assert torch.equal(sparse.largest(values, 20).sort().values, expected.sort().values)


@pytest.mark.parametrize(
    ("age", "slots"), [([0, 5, 3], [1, 2]), ([2, 2, 2], [0, 1]), ([1, 4, 4], [1, 2]), ([7, 0, 7], [0, 2])]
)
def test_the_least_recently_used_slots_come_oldest_first_and_of_equals_the_first(age, slots):
    assert sparse.least_recently_used(torch.tensor([age]), 2).tolist() == [slots]


def test_a_slot_is_accessed_by_weights_that_sum_to_more_than_the_threshold():
    read, written = weighting([0, 1], [0.004, 0.006]), weighting([0, 2], [0.002, 0.004])
    assert sparse.aged(torch.tensor([[8, 8, 8, 8]]), read, written).tolist() == [[0, 0, 9, 9]]


def test_what_is_erased_is_gone_before_anything_is_written():
    memory, words = torch.ones(1, 3, 2).double(), torch.tensor([[[1.0, 2.0]]]).double()
    after = sparse.write(memory, torch.tensor([[1]]), weighting([1, 2, 1], [0.5, 0.5, 0.25]), words)
    assert after.tolist() == [[[1.0, 1.0], [0.75, 1.5], [1.5, 2.0]]]
    assert memory.eq(1).all()


def test_a_read_is_the_weighted_sum_of_rows(normal):
    memory, visited = normal(1, 5, 3), weighting([4, 0], [0.25, 0.75])
    torch.testing.assert_close(sparse.read(memory, visited), visited.dense(5) @ memory)


def test_neighbours_are_the_slots_most_like_the_key(normal):
    memory, keys = normal(2, 30, 4), normal(2, 3, 4)
    found = sparse.content_weighting(memory, keys, torch.ones(2, 3).double(), 5)
    cosine = torch.cosine_similarity(keys.unsqueeze(2), memory.unsqueeze(1), dim=-1)
    assert torch.equal(found.slots.sort().values, cosine.topk(5).indices.sort().values)
    torch.testing.assert_close(found.weights, cosine.gather(-1, found.slots).softmax(-1))
