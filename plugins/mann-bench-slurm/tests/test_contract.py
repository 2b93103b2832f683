"""The executor keeps the suite's contract, on a stand-in whose jobs are processes and on a real SLURM."""

import os

import pytest
import slurm_stand_in

from mann_bench.testing import EXECUTOR_CHECKS, check_lost_process, small_jobs
from mann_bench_slurm import following
from mann_bench_slurm.executor import SlurmExecutor


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """The folder of a stand-in for SLURM that is on PATH; all of its jobs end with the test."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    slurm_stand_in.install(folder)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setattr(following, "_SETTLE_SECONDS", 1.0)
    yield folder
    slurm_stand_in.kill_jobs(folder)


@pytest.fixture(params=["stand_in", pytest.param("cluster", marks=pytest.mark.cluster)])
def slurm(request, monkeypatch):
    """Where jobs are submitted: the stand-in, or a real SLURM."""
    started = request.getfixturevalue(request.param)
    if request.param == "cluster":
        for name in ("PATH", "SLURM_CONF"):
            monkeypatch.setenv(name, started.environment[name])


@pytest.mark.usefixtures("slurm")
@pytest.mark.parametrize("check", EXECUTOR_CHECKS)
def test_the_contract_is_kept(check, tmp_path):
    check(SlurmExecutor(runs_per_job=2), small_jobs(tmp_path / "runs"))


def test_runs_of_a_job_that_dies_are_done_by_another(stand_in, tmp_path):
    jobs = small_jobs(tmp_path / "runs", steps=4000)
    ends = check_lost_process(SlurmExecutor(), jobs, lambda: slurm_stand_in.kill_jobs(stand_in))
    assert [end.problem for end in ends.values()] == [None, None]
