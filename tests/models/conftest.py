import pytest
import torch

from mann_bench.models.dnc import DNCModel
from mann_bench.models.lstm import LSTMModel
from mann_bench.models.ntm import NTMModel

_NTM = {"controller_size": 8, "memory_slots": 6, "slot_width": 4}

BUILDERS = {
    "ntm": lambda: NTMModel(3, 2, **_NTM),
    "ntm_learned": lambda: NTMModel(3, 2, **_NTM, memory_init="learned"),
    "ntm_random": lambda: NTMModel(3, 2, **_NTM, memory_init="random"),
    "ntm_two_heads": lambda: NTMModel(3, 2, **_NTM, read_heads=2, write_heads=2),
    "ntm_feedforward": lambda: NTMModel(3, 2, **_NTM, controller="feedforward"),
    "ntm_two_layers": lambda: NTMModel(3, 2, **_NTM, controller_layers=2),
    "dnc": lambda: DNCModel(3, 2, **_NTM),
    "dnc_two_heads": lambda: DNCModel(3, 2, **_NTM, read_heads=2),
    "dnc_with_every_switch": lambda: DNCModel(3, 2, **_NTM, masked=True, deallocation=True, sharpened=True),
    "lstm": lambda: LSTMModel(3, 2, layers=2, units=5),
}


@pytest.fixture(params=BUILDERS)
def build(request):
    """Build a model of 3 input and 2 output channels with the weights of a seed."""

    def from_seed(seed=0):
        torch.manual_seed(seed)
        return BUILDERS[request.param]()

    return from_seed


@pytest.fixture
def model(build):
    return build()


@pytest.fixture
def draw():
    """Draw bits [T, B, 3] from one seeded stream a test."""
    rng = torch.Generator().manual_seed(0)
    return lambda steps, batch: torch.randint(0, 2, (steps, batch, 3), generator=rng).float()
