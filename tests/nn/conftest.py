import pytest
import torch

from mann_bench.nn.controller import LSTMState
from mann_bench.nn.ntm import NTMState


def random_state(cell, batch, seed):
    """A state in the middle of a sequence, in float64."""
    rng = torch.Generator().manual_seed(seed)
    heads, slots = cell.initial_weightings.shape

    def normal(*shape):
        return torch.randn(batch, *shape, generator=rng, dtype=torch.float64)

    hidden = cell.controller.layers[0].hidden_size
    return NTMState(
        (LSTMState(normal(hidden).tanh(), normal(hidden)),),
        normal(cell.read_heads, cell.slot_width),
        normal(heads, slots).softmax(-1),
        normal(slots, cell.slot_width),
    )


@pytest.fixture
def state_of():
    return random_state


@pytest.fixture
def normal():
    """Draw float64 tensors from one seeded stream a test."""
    rng = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    return draw
