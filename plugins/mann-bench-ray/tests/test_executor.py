import pickle

import pytest

from mann_bench import MannBenchError
from mann_bench_ray import executor as module
from mann_bench_ray.executor import RayExecutor


@pytest.fixture
def asked(monkeypatch):
    """Stand in for Ray: the work that it is asked to do, and its address."""

    class Process:
        def __init__(self, address):
            self.works = [address]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            made.append(self.works)

        def submit(self, work):
            self.works.append(work)

    class Following:
        def __init__(self, calls, submit, retries, parallel, follower, observe):
            self.finish = lambda: [submit(job) for job in follower.waiting]

    made = []
    monkeypatch.setattr(module, "RayProcess", Process)
    monkeypatch.setattr(module, "Following", Following)
    return made


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"address": "ray://head:10001"}, "address must be auto or HOST:PORT, not ray://head:10001"),
        ({"address": "head"}, "address must be auto or HOST:PORT, not head"),
        ({"cpus": 0.0}, "cpus must be more than 0, not 0"),
        ({"gpus": -1.0}, "gpus must be a share of one, as 0.25, or a whole number, not -1"),
        ({"gpus": 1.5}, "or a whole number, not 1.5"),
        ({"retries": -1}, "retries must be at least 0, not -1"),
        ({"parallel": 0}, "parallel must be at least 1, not 0"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        RayExecutor(**options)


def test_nothing_is_started_for_no_runs(asked):
    RayExecutor().execute([], print)
    assert asked == []


@pytest.mark.parametrize(
    ("options", "fields", "reserved"),
    [
        ({}, {}, (1.0, 0.0)),
        ({}, {"threads": 2}, (2.0, 0.0)),
        ({}, {"device": "cuda"}, (1.0, 1.0)),
        ({"cpus": 0.5, "gpus": 0.25}, {"device": "cuda", "threads": 2}, (0.5, 0.25)),
    ],
)
def test_what_a_run_reserves(asked, fake_job, options, fields, reserved):
    RayExecutor(**options).execute([fake_job("a")._replace(**fields)], print)
    ((_, work),) = asked
    assert (work.key, work.name, work.cpus, work.gpus) == ("a", "run a", *reserved)


def test_a_gpu_run_without_a_gpu_is_refused(asked, fake_job):
    with pytest.raises(MannBenchError, match="gpus=0 leaves --device cuda without a GPU"):
        RayExecutor(gpus=0.0).execute([fake_job("a")._replace(device="cuda")], print)


def test_workers_get_absolute_folders_that_are_there(asked, fake_job, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    relative = fake_job("a").out.relative_to(tmp_path)
    RayExecutor(address="head:6379").execute([fake_job("a")._replace(out=relative)], print)
    ((address, work),) = asked
    assert (address, pickle.loads(work.job).out) == ("head:6379", tmp_path / relative)
    assert (tmp_path / relative).is_dir()


def test_a_folder_that_cannot_be_made_is_said(asked, fake_job, tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(MannBenchError, match="runs cannot be made: File exists"):
        RayExecutor().execute([fake_job("a")], print)
