import numpy as np
import pytest

from mann_bench.analysis.trace_parts import attended_slots, drawn_slots, head_names


def test_attended_slots_go_round_the_ring():
    weightings = np.zeros((2, 1, 10))
    weightings[0, 0, 8] = weightings[1, 0, 1] = 1.0
    assert attended_slots(weightings, np.zeros_like(weightings)).tolist() == [8, 9, 0, 1]


def test_all_slots_are_drawn_where_none_is_attended_to():
    assert attended_slots(np.zeros((2, 1, 4))).tolist() == [0, 1, 2, 3]


@pytest.fixture
def sparse():
    """Arrays that tell of the slots 3, 70 and 90,000; the second is hardly attended to."""
    weightings = np.array([[[0.5, 0.01, 0.0]], [[0.0, 0.0, 0.2]]])  # [T, heads, N]
    return {"read_weightings": weightings, "write_weightings": weightings / 2, "slots": np.array([3, 70, 90_000])}


def test_of_a_sparse_memory_the_attended_slots_are_drawn_alone(sparse):
    assert [each.tolist() for each in drawn_slots(sparse)] == [[0, 2], [3, 90_000]]


def test_stated_slots_of_a_sparse_memory_are_found(sparse):
    assert [each.tolist() for each in drawn_slots(sparse, [70, 3])] == [[1, 0], [70, 3]]
    with pytest.raises(IndexError, match="slot 4 was not visited"):
        drawn_slots(sparse, [4])


def test_heads_are_named_where_every_head_has_the_gate():
    assert head_names(3, readers=2, writers=1) == ["read 1", "read 2", "write 1"]
    assert head_names(2, readers=2, writers=1) == ["head 1", "head 2"]
