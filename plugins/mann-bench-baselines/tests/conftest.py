import pytest
import torch

from mann_bench_baselines.deltanet import DeltaNetModel
from mann_bench_baselines.gru import GRUModel
from mann_bench_baselines.rnn import RNNModel
from mann_bench_baselines.stack_rnn import StackRNNModel
from mann_bench_baselines.tape_rnn import TapeRNNModel
from mann_bench_baselines.transformer import TransformerModel

# As every worker of the suite has; two threads on a busy machine collapse.
torch.set_num_threads(1)

MODELS = {
    "gru": GRUModel,
    "transformer": TransformerModel,
    "deltanet": DeltaNetModel,
    "rnn": RNNModel,
    "stack_rnn": StackRNNModel,
    "tape_rnn": TapeRNNModel,
}


@pytest.fixture(params=MODELS)
def model_class(request):
    """Each model of this plugin."""
    return MODELS[request.param]


@pytest.fixture
def draw():
    """Draw bits [T, B, 3] from one seeded stream a test."""
    rng = torch.Generator().manual_seed(0)
    return lambda steps, batch: torch.randint(0, 2, (steps, batch, 3), generator=rng).float()
