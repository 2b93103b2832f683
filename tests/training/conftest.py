import pytest

from mann_bench.execution.plan import make_plan
from mann_bench.registry import Registry

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
def make_run():
    """Return a function that resolves one run under a tiny protocol, with fields changed."""

    def make(model="lstm:layers=1,units=8", task="copy:max_length=3", seed=0, **fields):
        protocol = ",".join(f"{name}={value}" for name, value in (TINY | fields).items())
        registry = Registry.discover(third_party=False)
        return make_plan(registry, [model], [task], [seed], f"collier2018:{protocol}").runs[0]

    return make
