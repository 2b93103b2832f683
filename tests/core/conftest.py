import pytest

from mann_bench.core.protocol import Protocol
from mann_bench.core.runs import Component, Run
from mann_bench.core.specs import ConvergenceRule


@pytest.fixture
def run():
    defaults = {"clip": 20.0, "init": "constant", "slots": 128, "trainable": True}
    model = Component(
        name="ntm",
        version=1,
        target="mann_bench.models.ntm:NTMModel",
        distribution="mann-bench",
        distribution_version="0.1.0",
        options={"clip": None, "init": "random", "slots": 128, "trainable": True},
        defaults=defaults,
        given={"init": "random", "clip": "none"},
    )
    task = Component(
        name="copy",
        version=2,
        target="mann_bench.tasks.copy:Copy",
        distribution="other-tasks",
        distribution_version="3.0",
        options={"layout": "graves2014", "rate": 0.25, "bits": 8, "padded": False, "end": None},
        defaults={"layout": "graves2014", "rate": 0.5, "bits": 8, "padded": False, "end": None},
        given={"rate": "0.25"},
    )
    return Run(model, task, ConvergenceRule(), Protocol(), {}, "collier2018", seed=3)
