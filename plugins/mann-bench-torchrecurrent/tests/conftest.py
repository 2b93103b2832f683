import pkgutil

import pytest
import torch

import mann_bench_torchrecurrent

# As every worker of the suite has; two threads on a busy machine collapse.
torch.set_num_threads(1)

SPECS = {spec.name: spec for spec in mann_bench_torchrecurrent.mann_bench_models()}


@pytest.fixture(params=SPECS)
def model_class(request):
    """Each model of this plugin."""
    return pkgutil.resolve_name(SPECS[request.param].target)
