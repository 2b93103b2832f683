import signal

import pytest
from submitit.core.utils import DelayedSubmission

from mann_bench import Busy
from mann_bench_slurm import group
from mann_bench_slurm.group import Group


@pytest.fixture
def execute(monkeypatch, finish):
    """Stand in for `execute_job`: it finishes what nobody else does, and notes what it was asked."""
    asked = []

    def execute_job(job, observe, patient=False):
        asked.append((job.run.key, patient))
        if job.run.key.startswith("busy") and not patient:
            observe(Busy(job.run.key, "someone"))
        elif job.run.key.startswith("signal"):
            signal.raise_signal(getattr(signal, job.run.key.partition(" ")[2]))
        else:
            finish(job)

    monkeypatch.setattr(group, "execute_job", execute_job)
    return asked


@pytest.fixture
def requeued():
    """Stand in for submitit: note what it would requeue, and restore the signals of the test run."""
    calls = []
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR2, signal.SIGTERM)}
    signal.signal(signal.SIGUSR2, lambda signum, frame: calls.append(signum))
    yield calls
    for number, handler in before.items():
        signal.signal(number, handler)


def test_each_run_is_done_once(execute, assignment):
    Group()([assignment("a"), assignment("b")])
    assert execute == [("a", False), ("b", False)]


def test_a_run_that_is_done_already_is_left_alone(execute, assignment, finish):
    done = assignment("a")
    finish(done.job)
    Group()([done, assignment("b")])
    assert execute == [("b", False)]


def test_what_another_process_does_is_waited_for_last(execute, assignment):
    Group()([assignment("busy"), assignment("b")])
    assert execute == [("busy", False), ("b", False), ("busy", True)]


def test_the_warning_requeues_after_the_run_ended(execute, assignment, requeued):
    with pytest.raises(SystemExit):
        Group()([assignment("a"), assignment("signal SIGUSR2"), assignment("b")])
    assert requeued == [signal.SIGUSR2]
    assert execute == [("a", False), ("signal SIGUSR2", False)]


def test_an_end_without_warning_is_not_requeued(execute, assignment, requeued):
    with pytest.raises(SystemExit, match="told to end"):
        Group()([assignment("signal SIGTERM")])
    assert requeued == []


def test_signals_are_as_before_afterwards(execute, assignment, requeued):
    before = signal.getsignal(signal.SIGUSR2), signal.getsignal(signal.SIGTERM)
    Group()([assignment("a")])
    assert (signal.getsignal(signal.SIGUSR2), signal.getsignal(signal.SIGTERM)) == before


def test_what_is_left_is_requeued(assignment, finish):
    done, left = assignment("a"), assignment("b")
    finish(done.job)
    again = Group().checkpoint([done, left])
    assert isinstance(again, DelayedSubmission)
    assert again.args == ([left],)


def test_the_log_tells_what_happens(execute, assignment, capsys):
    Group()([assignment("busy")])
    assert capsys.readouterr().out == "busy busy someone\n"
