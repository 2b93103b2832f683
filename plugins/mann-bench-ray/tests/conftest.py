from typing import NamedTuple

import pytest
from ray_cluster import RayCluster

from mann_bench import Job
from mann_bench.execution.plan import Block, make_plan
from mann_bench.registry import Registry

_PROTOCOL = "collier2018:batch_size=2,evaluate_every=500,validation_sequences=4,probe_every=0,test_sequences=2"


class FakeRun(NamedTuple):
    key: str

    @property
    def text(self):
        return f"run {self.key}"


@pytest.fixture
def fake_job(tmp_path):
    """Return a function that makes a job of a key, which nobody can do."""
    return lambda key, **fields: Job(FakeRun(key), "cpu", "eager", tmp_path / "runs", **fields)


@pytest.fixture
def jobs(tmp_path):
    """Return a function that makes jobs of so many runs of so many steps, with a checkpoint every 0.3 seconds."""

    def make(runs, steps=4, probe_every=0):
        protocol = f"{_PROTOCOL},max_steps={steps}".replace("probe_every=0", f"probe_every={probe_every}")
        block = Block(["lstm:layers=1,units=4"], ["copy:max_length=3"], [protocol])
        plan = make_plan(Registry.discover(third_party=False), [block], list(range(runs)))
        return [Job(run, "cpu", "eager", tmp_path / "runs", checkpoint_every=0.3) for run in plan.runs]

    return make


@pytest.fixture(scope="session")
def cluster():
    """A Ray cluster on this machine: a head that does no runs, and a node with one core."""
    with RayCluster() as started:
        yield started
