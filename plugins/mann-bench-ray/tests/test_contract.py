"""The executor keeps the suite's contract on a real Ray."""

import pytest

from mann_bench import MannBenchError
from mann_bench.testing import EXECUTOR_CHECKS, small_jobs
from mann_bench_ray.executor import RayExecutor


@pytest.fixture
def executor(cluster):
    return RayExecutor(address=cluster.address)


@pytest.mark.parametrize("check", EXECUTOR_CHECKS)
def test_the_contract_is_kept(check, executor, tmp_path):
    check(executor, small_jobs(tmp_path / "runs"))


def test_a_record_that_cannot_be_written_stops_all(executor, tmp_path):
    job, other = small_jobs(tmp_path / "runs")
    job.out.mkdir()
    (job.out / job.run.key).write_text("a file where the folder of the run should be")
    with pytest.raises(MannBenchError, match="File exists"):
        executor.execute([job, other], lambda event: None)
