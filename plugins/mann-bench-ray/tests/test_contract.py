"""The executor keeps the suite's contract on a real Ray."""

import dataclasses

import pytest
from execution import executor_contract as contract

from mann_bench import MannBenchError
from mann_bench_ray.executor import RayExecutor


@pytest.fixture
def executor(cluster):
    return RayExecutor(address=cluster.address)


def test_every_job_ends_once_and_the_whole_curve_is_told(executor, jobs):
    first, *rest = jobs(3, probe_every=2)
    contract.check_whole_curve(executor, first)
    contract.check_executor(executor, rest)


def test_a_run_that_raises_costs_no_other(executor, jobs):
    failing, sound = jobs(2)
    broken = dataclasses.replace(failing.run, model=dataclasses.replace(failing.run.model, target="nowhere:Nothing"))
    contract.check_failing_run(executor, failing._replace(run=broken), sound)


def test_who_leaves_early_loses_no_record(executor, jobs):
    contract.check_left_early(executor, jobs(2))


def test_a_record_that_cannot_be_written_stops_all(executor, jobs):
    job, other = jobs(2)
    job.out.mkdir()
    (job.out / job.run.key).write_text("a file where the folder of the run should be")
    with pytest.raises(MannBenchError, match="File exists"):
        executor.execute([job, other], lambda event: None)
