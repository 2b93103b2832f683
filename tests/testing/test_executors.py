"""Every broken promise of an executor fails the check that names it."""

import contextlib

import pytest

import mann_bench
from mann_bench.execution.local import LocalExecutor
from mann_bench.testing import ConformanceError, executors, small_jobs


class Altered(mann_bench.Executor):
    """Does jobs here, and tells of each event what `alter` makes of it: a list of events."""

    def __init__(self, alter):
        self.alter = alter

    def execute(self, jobs, observe):
        def altered(event):
            for each in self.alter(event):
                observe(each)

        LocalExecutor(jobs=1).execute(jobs, altered)


class Deaf(mann_bench.Executor):
    """Goes on whatever happens to who observes."""

    def execute(self, jobs, observe):
        for job in jobs:
            with contextlib.suppress(KeyboardInterrupt):
                LocalExecutor(jobs=1).execute([job], observe)


class Idle(mann_bench.Executor):
    """Does nothing and tells of something."""

    def execute(self, jobs, observe):
        observe(mann_bench.Notice("any", "nothing was done"))


class Silent(Idle):
    """Does not say what its option is."""

    def __init__(self, *, each: int = 1) -> None: ...


def ended(event, **fields):
    return [event._replace(**fields)] if isinstance(event, mann_bench.Finished) else [event]


@pytest.mark.parametrize(
    ("check", "executor", "message"),
    [
        ("executor", Altered(lambda e: [e] * 2), r"came Started, Started, .*Expected: Started first"),
        ("executor", Altered(lambda e: [] if isinstance(e, mann_bench.Started) else [e]), "Started first"),
        ("executor", Altered(lambda e: ended(e, folder=None)), r"ended with Finished\(.*Expected: converged or not"),
        ("executor", Idle(), "ended with None"),
        ("whole_curve", Altered(lambda e: [] if isinstance(e, mann_bench.Evaluated) else [e]), r"\[\[\], \[2, 4\]\]"),
        ("whole_curve", Idle(), r"the record holds \[\[\], \[\]\]"),
        ("failing_run", Altered(lambda e: ended(e, folder=None)), "whose model cannot be loaded ended with Finished"),
        ("failing_run", Altered(lambda e: [e] * 2), "ended twice"),
        ("left_early", Deaf(), "did not leave execute"),
        ("options", Silent(), "the docstring of Silent says nothing on each. Expected: words on each option"),
        ("no_jobs", Idle(), "1 events came of no jobs"),
    ],
)  # fmt: skip
def test_a_broken_promise_fails_its_check(check, executor, message, tmp_path):
    with pytest.raises(ConformanceError, match=message):
        getattr(executors, f"check_{check}")(executor, small_jobs(tmp_path))


@pytest.mark.parametrize("fields", [{"folder": None}, {"problem": "lost"}])
def test_an_end_needs_either_a_folder_or_a_problem(fields, tmp_path):
    with pytest.raises(ConformanceError, match="Expected: a folder, or no folder and the problem in words"):
        executors.check_lost_process(Altered(lambda e: ended(e, **fields)), small_jobs(tmp_path, 1), lambda: None)


def test_small_jobs_are_of_different_runs_that_are_measured_twice(tmp_path):
    jobs = small_jobs(tmp_path, 3, steps=10)
    assert len({job.run.key for job in jobs}) == 3
    assert {(job.run.protocol.max_steps, job.run.protocol.evaluate_every) for job in jobs} == {(10, 5)}
