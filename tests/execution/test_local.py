import os
import signal

import pytest
import torch

from mann_bench.core.errors import MannBenchError, StoreError
from mann_bench.core.events import Finished, Progress
from mann_bench.core.runs import Outcome
from mann_bench.execution.local import _cores, execute_locally
from mann_bench.execution.worker import Job
from mann_bench.results.store import Store

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
    execute_locally(alone, 1, 1, lambda event: None)
    execute_locally(together, 2, 1, lambda event: None)
    assert [comparable(job) for job in alone] == [comparable(job) for job in together]


def test_every_process_has_one_thread(jobs):
    made = jobs("threads")[:2]
    execute_locally(made, 2, 1, lambda event: None)
    assert {Store(job.out).find(job.run.key).provenance.threads for job in made} == {1}


def test_a_process_has_the_threads_that_were_asked_for(jobs):
    (job,) = jobs("threads")[:1]
    execute_locally([job], 1, 2, lambda event: None)
    assert Store(job.out).find(job.run.key).provenance.threads == 2


def test_workers_that_fill_the_machine_have_a_core_each(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5})
    assert sorted(_cores(2)) == [3, 5]
    assert _cores(1) == [None]
    assert _cores(3) == [None] * 3


def test_the_callers_threads_come_back(jobs):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        execute_locally(jobs("threads")[:1], 1, 1, lambda event: None)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_worker_that_dies_costs_its_run_alone(jobs):
    made, finished = jobs("dying", max_steps=200), []

    def kill_the_first(event):
        if isinstance(event, Progress) and not finished and not killed:
            killed.append(event.key)
            for child in _children():
                os.kill(child, signal.SIGKILL)
        if isinstance(event, Finished):
            finished.append(event)

    killed = []
    execute_locally(made, 2, 1, kill_the_first)
    lost = [event for event in finished if event.folder is None]
    assert len(finished) == len(made)
    assert 1 <= len(lost) <= 2
    assert all(event.outcome is Outcome.FAILED and "exit code -9" in event.problem for event in lost)
    assert sum(Store(job.out).find(job.run.key) is not None for job in made) == len(made) - len(lost)


def test_a_record_that_cannot_be_written_stops_the_others(jobs, tmp_path):
    made = jobs("full")
    (tmp_path / "full").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="could not be written"):
        execute_locally(made, 2, 1, lambda event: None)
    assert _children() == []


def test_leaving_early_stops_the_workers(jobs):
    def interrupt(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute_locally(jobs("interrupted"), 2, 1, interrupt)
    assert _children() == []


def _children():
    import multiprocessing

    return [process.pid for process in multiprocessing.active_children()]


def test_workers_that_never_start_are_an_error(jobs, monkeypatch):
    monkeypatch.setattr("mann_bench.execution.local._serve", os.abort)
    with pytest.raises(MannBenchError, match="do not start"):
        execute_locally(jobs("never"), 2, 1, lambda event: None)
