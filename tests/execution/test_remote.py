import pytest

from mann_bench.core.events import Evaluated, Finished, Probed, Progress, Started
from mann_bench.core.jobs import Job
from mann_bench.core.runs import Outcome
from mann_bench.execution.remote import Follower
from mann_bench.execution.worker import execute_job


@pytest.fixture
def job(make_run, tmp_path):
    return Job(make_run(probe_every=2), "cpu", "eager", tmp_path)


@pytest.fixture
def folder(job, tmp_path):
    folder = tmp_path / job.run.key
    folder.mkdir()
    return folder


@pytest.fixture
def done(job):
    """Return what the run told where it was done, without progress."""
    events = []
    execute_job(job, events.append)
    return [event for event in events if not isinstance(event, Progress)]


def fail(job, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("mann_bench.execution.worker.train", lambda *_, **__: 1 / 0)
        execute_job(job, lambda event: None)


def test_nothing_is_told_before_anything_happens(job):
    events = []
    Follower([job], events.append).look()
    assert events == []


def test_a_lock_is_a_start_and_checkpoints_are_progress(job, folder):
    events = []
    follower = Follower([job], events.append)
    (folder / "lock-1").touch()
    follower.look()
    (folder / "checkpoint-200.pt").touch()
    (folder / "checkpoint-1000.pt").touch()
    follower.look()
    follower.look()
    assert events == [Started(job.run), Progress(job.run.key, 1000, job.run.protocol.max_steps)]
    assert follower.running == follower.waiting == [job]


def test_a_record_is_told_as_the_run_told_it(job, done):
    events = []
    follower = Follower([job], events.append)
    follower.look()
    assert [event for event in events if not isinstance(event, Progress)] == done
    assert events[-2:] == [Progress(job.run.key, 4, 4), done[-1]]
    assert follower.waiting == follower.running == []


def test_measurements_come_in_the_order_of_their_steps(job, done):
    kinds = [type(event) for event in done if isinstance(event, Evaluated | Probed)]
    events = []
    Follower([job], events.append).look()
    assert [type(event) for event in events if isinstance(event, Evaluated | Probed)] == kinds


def test_an_earlier_record_does_not_answer_a_fresh_job(job, done):
    events = []
    fresh = job._replace(fresh=True)
    follower = Follower([fresh], events.append)
    follower.look()
    assert events == []
    execute_job(fresh, lambda event: None)
    follower.look()
    assert isinstance(events[-1], Finished)


def test_an_earlier_failure_answers_no_job(job, monkeypatch):
    fail(job, monkeypatch)
    events = []
    follower = Follower([job], events.append)
    follower.look()
    assert events == []
    fail(job, monkeypatch)
    follower.look()
    assert events[-1].outcome is Outcome.FAILED


def test_a_lost_job_ends_once_with_its_problem(job, done):
    events = []
    follower = Follower([job], events.append)
    follower.lost(job, "its node is gone")
    follower.look()
    assert events == [Finished(job.run.key, Outcome.FAILED, None, "its node is gone")]


def test_a_record_that_cannot_be_read_ends_its_job(job, folder):
    events = []
    follower = Follower([job], events.append)
    (folder / "record.json").write_text("{")
    follower.look()
    assert events[-1].folder is None
    assert "not a valid record" in events[-1].problem
