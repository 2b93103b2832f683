"""What every executor promises (`mann_bench.Executor`), as checks that any executor can be put through.

`jobs` are always small runs with different keys that have no record yet.
"""

from collections.abc import Callable, Sequence

import pytest

from mann_bench.core.events import Evaluated, Event, Finished, Notice, Observer, Probed, Progress, Started
from mann_bench.core.runs import Outcome
from mann_bench.execution.executor import Executor
from mann_bench.execution.worker import Job
from mann_bench.results.store import Store

GOOD = {Outcome.CONVERGED, Outcome.NOT_CONVERGED}


def check_executor(executor: Executor, jobs: Sequence[Job]) -> None:
    """Every job is done, ends in one `Finished` with its folder, and its events come in order."""
    events: list[Event] = []
    executor.execute(jobs, events.append)
    for job in jobs:
        own = [event for event in events if _key(event) == job.run.key and not isinstance(event, Notice)]
        _check_order(own)
        end = own[-1]
        assert isinstance(end, Finished)
        assert (end.outcome in GOOD, end.folder, end.problem) == (True, Store(job.out).folder(job.run.key), None)
        assert Store(job.out).find(job.run.key) is not None


def check_whole_curve(executor: Executor, job: Job) -> None:
    """What is told of a run are all the measurements that its record holds."""
    events: list[Event] = []
    executor.execute([job], events.append)
    record = Store(job.out).find(job.run.key)
    assert record is not None
    assert [event.point.step for event in events if isinstance(event, Evaluated)] == [row.step for row in record.curve]
    assert [event.step for event in events if isinstance(event, Probed)] == [at.step for at in record.probe]


def check_failing_run(executor: Executor, failing: Job, sound: Job) -> None:
    """A run that raises has a record which says so, and costs no other run."""
    ends: dict[str, Finished] = {}
    executor.execute([failing, sound], _collect(ends))
    assert ends[failing.run.key].outcome is Outcome.FAILED
    assert ends[failing.run.key].folder is not None
    assert ends[sound.run.key].outcome in GOOD


def check_lost_process(executor: Executor, jobs: Sequence[Job], kill: Callable[[], None]) -> dict[str, Finished]:
    """When processes are killed, each of their jobs is done by others or ends without a record and with a problem.

    Returns: the end of each job, by key.
    """
    ends: dict[str, Finished] = {}
    killed = False

    def observe(event: Event) -> None:
        nonlocal killed
        _collect(ends)(event)
        if isinstance(event, Started) and not killed:
            killed = True
            kill()

    executor.execute(jobs, observe)
    assert set(ends) == {job.run.key for job in jobs}
    for end in ends.values():
        assert (end.folder is None) == bool(end.problem)
    return ends


def check_left_early(executor: Executor, jobs: Sequence[Job]) -> None:
    """Who leaves early loses no record: the same jobs can be given again, and all get theirs."""

    def interrupt(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        executor.execute(jobs, interrupt)
    missing = [job for job in jobs if Store(job.out).find(job.run.key) is None]
    executor.execute(missing, lambda event: None)
    assert all(Store(job.out).find(job.run.key) is not None for job in jobs)


def check_no_jobs(executor: Executor) -> None:
    """Nothing to do is done at once."""
    executor.execute([], lambda event: pytest.fail(f"{event} came of nothing"))


def _collect(ends: dict[str, Finished]) -> Observer:
    def observe(event: Event) -> None:
        if isinstance(event, Finished):
            assert event.key not in ends, "a job ended twice"
            ends[event.key] = event

    return observe


def _check_order(events: Sequence[Event]) -> None:
    kinds = [type(event) for event in events]
    assert (kinds[0], kinds[-1]) == (Started, Finished)
    assert (kinds.count(Started), kinds.count(Finished)) == (1, 1)
    for kind in (Evaluated, Probed, Progress):
        steps = [
            event.point.step if isinstance(event, Evaluated) else event.step for event in events if type(event) is kind
        ]
        assert steps == sorted(steps)


def _key(event: Event) -> str:
    return event.run.key if isinstance(event, Started) else event.key
