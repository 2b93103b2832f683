from typing import NamedTuple

import pytest
from ray_cluster import RayCluster

from mann_bench import Job
from mann_bench.testing import small_jobs


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

    def make(runs, steps):
        return [job._replace(checkpoint_every=0.3) for job in small_jobs(tmp_path / "runs", runs, steps)]

    return make


@pytest.fixture(scope="session")
def cluster():
    """A Ray cluster on this machine: a head that does no runs, and a node with one core."""
    with RayCluster() as started:
        yield started
