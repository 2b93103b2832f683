import random

import numpy as np
import pytest
import torch

from mann_bench.training.randomness import random_states, set_random_states


def draws():
    return torch.rand(3).tolist(), np.random.rand(3).tolist(), np.random.normal(), random.random(), random.gauss()


def test_every_generator_comes_back():
    np.random.normal()  # numpy keeps the second of a pair
    random.gauss()
    states = random_states("cpu")
    first = draws()
    assert draws() != first
    set_random_states(states)
    assert draws() == first


@pytest.mark.parametrize("changed", [{"words": 3}, {"position": 10**6}])
def test_a_state_that_numpy_would_read_beyond_is_refused(changed):
    states = random_states("cpu")
    name, words, position, *rest = states["numpy"]
    states["numpy"] = (name, words[: changed.get("words", 624)], changed.get("position", position), *rest)
    with pytest.raises(ValueError, match="numpy"):
        set_random_states(states)
