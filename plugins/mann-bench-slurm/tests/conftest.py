import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from slurm_cluster import SlurmCluster, missing_programs
from slurm_study import Study

from mann_bench import Job
from mann_bench_slurm.assignment import Assignment
from mann_bench_slurm.queue import QueuedJob


class FakeRun(NamedTuple):
    key: str

    @property
    def text(self):
        return f"run {self.key}"


@pytest.fixture
def job(tmp_path):
    """Return a function that makes a job of a key."""
    return lambda key: Job(FakeRun(key), "cpu", "eager", tmp_path / "runs")


@pytest.fixture
def assignment(job):
    """Return a function that makes an assignment of a key."""
    return lambda key: Assignment.of(job(key))


@pytest.fixture
def finish():
    """Return a function that writes what stands for the record of a job."""

    def write(job):
        folder = Path(job.out) / job.run.key
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "record.json").write_text("{}")

    return write


@pytest.fixture
def running():
    return QueuedJob("mann-bench-1", "RUNNING", "None")


@pytest.fixture
def waiting():
    return QueuedJob("mann-bench-1", "PENDING", "Resources")


@pytest.fixture(scope="session")
def cluster():
    """A SLURM cluster of two virtual nodes."""
    if missing := missing_programs():
        pytest.skip(f"no SLURM here: {', '.join(missing)} not found; make slurm-packages installs it")
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, SlurmCluster(Path(folder)) as started:
        yield started


@pytest.fixture
def study(cluster, tmp_path):
    """A study of twelve runs on the cluster; at the end of the test all of it ends, and the cluster is whole again."""
    study = Study(cluster, tmp_path / "runs")
    yield study
    study.end()
    cluster.mend()
