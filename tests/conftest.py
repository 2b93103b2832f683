"""Fixtures that several packages' tests share."""

import pytest
import torch

from mann_bench.execution.plan import make_plan
from mann_bench.registry import Registry

# As every worker of the suite has; two threads on a busy machine collapse.
torch.set_num_threads(1)

TINY = {
    "max_steps": 4,
    "batch_size": 2,
    "evaluate_every": 2,
    "validation_sequences": 4,
    "grace": 2,
    "probe_every": 0,
    "probe_sequences": 2,
    "test_sequences": 2,
}


@pytest.fixture
def tiny_protocol():
    """Return a function that names a protocol of a fraction of a second, with fields changed."""
    return lambda **fields: "collier2018:" + ",".join(f"{k}={v}" for k, v in (TINY | fields).items())


@pytest.fixture
def make_run(tiny_protocol):
    """Return a function that resolves one run under a tiny protocol, with fields changed."""

    def make(model="lstm:layers=1,units=8", task="copy:max_length=3", seed=0, **fields):
        registry = Registry.discover(third_party=False)
        return make_plan(registry, [model], [task], [seed], tiny_protocol(**fields)).runs[0]

    return make
