import importlib
import warnings

import pytest
import torch

from mann_bench_modern.gated_deltanet import GatedDeltaNetModel
from mann_bench_modern.kv_memory import KVMemoryModel
from mann_bench_modern.lrua import LRUAModel
from mann_bench_modern.mamba2 import Mamba2Model
from mann_bench_modern.mlstm import MLSTMModel
from mann_bench_modern.rwkv7 import RWKV7Model
from mann_bench_modern.slstm import SLSTMModel
from mann_bench_modern.titans import TitansModel
from mann_bench_modern.ttt_linear import TTTLinearModel

# As every worker of the suite has; two threads on a busy machine collapse.
torch.set_num_threads(1)

MODELS = {
    "gated_deltanet": GatedDeltaNetModel,
    "mlstm": MLSTMModel,
    "slstm": SLSTMModel,
    "mamba2": Mamba2Model,
    "rwkv7": RWKV7Model,
    "titans": TitansModel,
    "ttt_linear": TTTLinearModel,
    "kv_memory": KVMemoryModel,
    "lrua": LRUAModel,
}

SMALL = {"width": 6, "heads": 2, "head_width": 4, "chunk_size": 8}

VARIANTS = {
    "gated_deltanet": (GatedDeltaNetModel, {}),
    "gated_deltanet, negative eigenvalues": (GatedDeltaNetModel, {"negative_eigenvalues": True}),
    "gated_deltanet, three writes a step": (GatedDeltaNetModel, {"householder": 3, "convolution": 1}),
    "mlstm": (MLSTMModel, {}),
    "mamba2": (Mamba2Model, {"state_width": 3}),
    "rwkv7": (RWKV7Model, {"rank": 3}),
    "titans": (TitansModel, {}),
    "titans, a matrix as memory": (TitansModel, {"memory_layers": 1}),
    "ttt_linear": (TTTLinearModel, {}),
    "kv_memory": (KVMemoryModel, {"memory_slots": 9, "active_slots": 3}),
}
"""Small models that have two forms."""


@pytest.fixture(params=MODELS)
def model_class(request):
    """Each model of this plugin."""
    return MODELS[request.param]


@pytest.fixture
def all_models():
    return MODELS


@pytest.fixture(params=VARIANTS)
def build(request):
    """Build a small model in float64, all of its weights away from where they start, with options changed."""
    model_class, given = VARIANTS[request.param]

    def make(**options):
        torch.manual_seed(0)
        model = model_class(3, 2, **(SMALL | given | options)).double()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.2 * torch.randn_like(parameter))
        return model

    return make


@pytest.fixture
def draw():
    """Draw bits [T, B, 3] from one seeded stream a test."""
    rng = torch.Generator().manual_seed(0)
    return lambda steps, batch: torch.randint(0, 2, (steps, batch, 3), generator=rng).float()


@pytest.fixture
def public():
    """Import a module of a public implementation; skip where its distribution is not installed."""

    def load(name, distribution):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return importlib.import_module(name)
            except ImportError as error:
                pytest.skip(f"{distribution} is not installed ({error}); see the extras `public` and `public-whole`")

    return load
