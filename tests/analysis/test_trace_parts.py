import numpy as np

from mann_bench.analysis.trace_parts import attended_slots, head_names


def test_attended_slots_go_round_the_ring():
    weightings = np.zeros((2, 1, 10))
    weightings[0, 0, 8] = weightings[1, 0, 1] = 1.0
    assert attended_slots(weightings, np.zeros_like(weightings)).tolist() == [8, 9, 0, 1]


def test_all_slots_are_drawn_where_none_is_attended_to():
    assert attended_slots(np.zeros((2, 1, 4))).tolist() == [0, 1, 2, 3]


def test_heads_are_named_where_every_head_has_the_gate():
    assert head_names(3, readers=2, writers=1) == ["read 1", "read 2", "write 1"]
    assert head_names(2, readers=2, writers=1) == ["head 1", "head 2"]
