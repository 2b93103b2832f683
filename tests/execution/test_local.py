import os
import signal

import pytest
import torch

from mann_bench.core.errors import MannBenchError, StoreError
from mann_bench.core.events import Busy, Finished, Progress, Started
from mann_bench.core.jobs import Job
from mann_bench.core.runs import Outcome
from mann_bench.execution.local import LocalExecutor, _cores, default_workers
from mann_bench.results.locks import Locks
from mann_bench.results.store import Store
from mann_bench.testing import check_executor, check_lost_process
from mann_bench.training.checkpoint import Checkpoints

VARYING = {"seconds", "provenance", "peak_memory_bytes"}


@pytest.fixture
def jobs(make_run, tmp_path):
    """Return a function that makes jobs for two models and two seeds, with records under a named folder."""

    def make(folder, backend="eager", **fields):
        models = ("lstm:layers=1,units=8", "ntm:memory_slots=8,controller_size=8,slot_width=4")
        runs = [make_run(model, seed=seed, **fields) for model in models for seed in (0, 1)]
        return [Job(run, "cpu", backend, tmp_path / folder) for run in runs]

    return make


def comparable(job):
    record = Store(job.out).find(job.run.key).model_dump(exclude=VARYING)
    for row in record["curve"]:
        del row["training_seconds"]
    return record


@pytest.mark.parametrize("backend", ["eager", "native"])
def test_two_workers_give_the_records_of_one(jobs, backend):
    alone, together = jobs("alone", backend, probe_every=2), jobs("together", backend, probe_every=2)
    LocalExecutor(jobs=1).execute(alone, lambda event: None)
    check_executor(LocalExecutor(jobs=2), together)
    assert [comparable(job) for job in alone] == [comparable(job) for job in together]


def test_every_process_has_one_thread(jobs):
    made = jobs("threads")[:2]
    LocalExecutor(jobs=2).execute(made, lambda event: None)
    assert {Store(job.out).find(job.run.key).provenance.threads for job in made} == {1}


def test_a_process_has_the_threads_that_were_asked_for(jobs):
    job = jobs("threads")[0]._replace(threads=2)
    LocalExecutor(jobs=1).execute([job], lambda event: None)
    assert Store(job.out).find(job.run.key).provenance.threads == 2


def test_there_are_as_many_workers_as_usable_cores_carry(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.local.usable_cores", lambda: 5)
    assert [default_workers("cpu", threads) for threads in (1, 2, 8)] == [5, 2, 1]
    assert default_workers("cuda", 1) == 1


def test_workers_that_fill_the_machine_have_a_core_each(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5})
    assert sorted(_cores(2)) == [3, 5]
    assert _cores(1) == [None]
    assert _cores(3) == [None] * 3


def test_the_callers_threads_come_back(jobs):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        LocalExecutor(jobs=1).execute(jobs("threads")[:1], lambda event: None)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_worker_that_dies_costs_its_run_alone(jobs):
    made = jobs("dying", max_steps=200)

    def kill():
        for child in _children():
            os.kill(child, signal.SIGKILL)

    ends = check_lost_process(LocalExecutor(jobs=2), made, kill)
    lost = [event for event in ends.values() if event.folder is None]
    assert 1 <= len(lost) <= 2
    assert all(event.outcome is Outcome.FAILED and "exit code -9" in event.problem for event in lost)
    assert sum(Store(job.out).find(job.run.key) is not None for job in made) == len(made) - len(lost)


def test_a_folder_that_cannot_be_written_to_stops_all(jobs, tmp_path):
    made = jobs("full")
    (tmp_path / "full").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="the lock of the run cannot be taken: Not a directory"):
        LocalExecutor(jobs=2).execute(made, lambda event: None)
    assert _children() == []


def test_leaving_early_stops_the_workers(jobs):
    def interrupt(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LocalExecutor(jobs=2).execute(jobs("interrupted"), interrupt)
    assert _children() == []


def test_leaving_early_leaves_a_checkpoint_that_goes_on(jobs):
    def interrupt(event):
        if isinstance(event, Progress) and event.step:
            raise KeyboardInterrupt

    made = jobs("interrupted", max_steps=200)[:2]
    with pytest.raises(KeyboardInterrupt):
        LocalExecutor(jobs=2).execute(made, interrupt)
    job = next(job for job in made if Checkpoints(job.out / job.run.key).resumes_at())
    plain = job._replace(out=job.out / "plain")
    LocalExecutor(jobs=1).execute([job, plain], lambda event: None)
    assert comparable(job) == comparable(plain)


def _children():
    import multiprocessing

    return [process.pid for process in multiprocessing.active_children()]


def test_workers_that_never_start_are_an_error(jobs, monkeypatch):
    monkeypatch.setattr("mann_bench.execution.local._serve", os.abort)
    with pytest.raises(MannBenchError, match="do not start"):
        LocalExecutor(jobs=2).execute(jobs("never"), lambda event: None)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_another_process_does_is_waited_for_after_all_else(jobs, workers):
    made, events = jobs("busy"), []
    first = made[0]
    with Locks(Store(first.out).folder(first.run.key)).take() as lock:

        def observe(event):
            events.append(event)
            if isinstance(event, Finished) and sum(isinstance(each, Finished) for each in events) == len(made) - 1:
                lock.__exit__(None, None, None)

        LocalExecutor(jobs=workers).execute(made, observe)
    own = [event for event in events if (event.run.key if isinstance(event, Started) else event.key) == first.run.key]
    assert isinstance(own[0], Busy)
    assert isinstance(own[-1], Finished)
    assert all(Store(job.out).find(job.run.key) for job in made)
