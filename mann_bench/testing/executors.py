"""What every executor promises (`mann_bench.Executor`), as checks that any executor can be put through.

With pytest, this is a whole test file of an executor:

    import pytest
    from mann_bench.testing import EXECUTOR_CHECKS, small_jobs

    @pytest.mark.parametrize("check", EXECUTOR_CHECKS)
    def test_contract(check, tmp_path):
        check(Elsewhere(queue="test"), small_jobs(tmp_path))

`jobs` are always two or more short runs with different keys, none of which has a record. `check_lost_process` stands
apart: it has to be told how a process of the executor dies.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from mann_bench.core.events import Evaluated, Event, Finished, Notice, Observer, Probed, Progress, Started
from mann_bench.core.jobs import Job
from mann_bench.core.options import options_of
from mann_bench.core.runs import Outcome
from mann_bench.execution.executor import Executor
from mann_bench.execution.plan import Block, make_plan
from mann_bench.registry import Registry
from mann_bench.results.store import Store
from mann_bench.testing.clause import ConformanceError, require

_GOOD = (Outcome.CONVERGED, Outcome.NOT_CONVERGED)


def small_jobs(out: Path, count: int = 2, steps: int = 4) -> list[Job]:
    """Return jobs that train a small LSTM on copy, each with another seed, and measure it twice on the way.

    Args:
        out: folder of their records.
        count: how many jobs.
        steps: training steps of each, 2 or more; 1,000 take about a second.
    """
    every = steps // 2
    protocol = (
        f"collier2018:batch_size=2,max_steps={steps},evaluate_every={every},validation_sequences=4,"
        f"probe_every={every},probe_sequences=2,test_sequences=2"
    )
    block = Block(["lstm:layers=1,units=4"], ["copy:max_length=3"], [protocol])
    plan = make_plan(Registry.discover(third_party=False), [block], list(range(count)))
    return [Job(run, "cpu", "eager", out) for run in plan.runs]


def check_executor(executor: Executor, jobs: Sequence[Job]) -> None:
    """Every job is done and ends in one `Finished` with its folder, where its record stands; events come in order.

    That is: of each job `Started` first and `Finished` last, each once, and steps that never fall between them.
    """
    events = _executed(executor, jobs)
    for job in jobs:
        own = [event for event in events if _key(event) == job.run.key and not isinstance(event, Notice)]
        _check_good(job, own[-1] if own else None)
        _check_order(job, own)


def check_whole_curve(executor: Executor, jobs: Sequence[Job]) -> None:
    """What is told of a run are all the measurements that its record holds, of the curve and of the probe."""
    events = _executed(executor, jobs[:1])
    record = Store(jobs[0].out).find(jobs[0].run.key)
    kept = [[], []] if record is None else [[row.step for row in rows] for rows in (record.curve, record.probe)]
    told = [
        [event.point.step for event in events if isinstance(event, Evaluated)],
        [event.step for event in events if isinstance(event, Probed)],
    ]
    require(
        record is not None and told == kept,
        f"told were evaluations and probes at steps {told}, the record holds {kept}",
        "all that the record holds",
        "Pass on every event, or let mann_bench.Follower tell them from the record",
    )


def check_failing_run(executor: Executor, jobs: Sequence[Job]) -> None:
    """A run that raises ends as failed, with the folder of a record which says so, and costs no other run."""
    run, others = jobs[0].run, jobs[1:]
    broken = dataclasses.replace(run, model=dataclasses.replace(run.model, target="nowhere:Nothing"))
    ends = _ends(_executed(executor, [jobs[0]._replace(run=broken), *others]))
    end = ends.get(broken.key)
    require(
        end is not None and end.outcome is Outcome.FAILED and end.folder is not None,
        f"a run whose model cannot be loaded ended with {end}",
        "the outcome failed and the folder of its record",
        "Let mann_bench.execute_job do the run: it writes that record",
    )
    for job in others:
        _check_good(job, ends.get(job.run.key))


def check_left_early(executor: Executor, jobs: Sequence[Job]) -> None:
    """Who leaves early, here at the first event, loses no record: the same jobs can be given again."""

    def interrupt(event: Event) -> None:
        raise KeyboardInterrupt

    try:
        executor.execute(jobs, interrupt)
    except KeyboardInterrupt:
        pass
    else:
        raise ConformanceError(
            "KeyboardInterrupt, raised by observe, did not leave execute", "that it does", "Do not catch it for good"
        )
    _executed(executor, [job for job in jobs if Store(job.out).find(job.run.key) is None])
    for job in jobs:
        _check_recorded(job)


def check_options(executor: Executor, jobs: Sequence[Job]) -> None:
    """Every option has words in the docstring of the executor's class, under ``Args:``; `jobs` are left alone."""
    missing = [name for name, option in options_of(type(executor)).items() if option.words is None]
    require(
        not missing,
        f"the docstring of {type(executor).__name__} says nothing on {', '.join(missing)}",
        "words on each option",
        "Write what it is, its unit and its range under Args:; mann-bench show executor prints it",
    )


def check_no_jobs(executor: Executor, jobs: Sequence[Job]) -> None:
    """Nothing to do is done at once, and nothing is told of it; `jobs` are left alone."""
    events = _executed(executor, [])
    require(not events, f"{len(events)} events came of no jobs", "none", "Return at once where there is nothing to do")


EXECUTOR_CHECKS = (
    check_executor,
    check_whole_curve,
    check_failing_run,
    check_left_early,
    check_options,
    check_no_jobs,
)
"""What any executor is put through, each a function of the executor and of jobs that are new to it."""


def check_lost_process(executor: Executor, jobs: Sequence[Job], kill: Callable[[], None]) -> dict[str, Finished]:
    """When processes die, each of their jobs is done by others, or ends without a record and with a problem in words.

    Args:
        executor: what is checked.
        jobs: runs so long that the first still trains when it is said to have started.
        kill: kills one or more processes of the executor; it is called at the first `Started`.

    Returns:
        The end of each job, by key.
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
    for job in jobs:
        end = ends.get(job.run.key)
        require(
            end is not None and (end.folder is None) == bool(end.problem),
            f"{job.run.text}, one of those whose process may have died, ended with {end}",
            "a folder, or no folder and the problem in words",
            "Call mann_bench.Follower.lost for a job whose process is gone, or have it done again",
        )
    return ends


def _executed(executor: Executor, jobs: Sequence[Job]) -> list[Event]:
    events: list[Event] = []
    executor.execute(jobs, events.append)
    return events


def _ends(events: Sequence[Event]) -> dict[str, Finished]:
    ends: dict[str, Finished] = {}
    for event in events:
        _collect(ends)(event)
    return ends


def _collect(ends: dict[str, Finished]) -> Observer:
    def observe(event: Event) -> None:
        if isinstance(event, Finished):
            require(event.key not in ends, f"run {event.key} ended twice", "one Finished", "Tell every end once")
            ends[event.key] = event

    return observe


def _check_order(job: Job, events: Sequence[Event]) -> None:
    kinds = [type(event) for event in events]
    require(
        kinds[:1] + kinds[-1:] == [Started, Finished] and kinds.count(Started) == kinds.count(Finished) == 1,
        f"of {job.run.text} came {', '.join(kind.__name__ for kind in kinds) or 'no event'}",
        "Started first and Finished last, each once",
        "Pass events on in the order in which they come",
    )
    for kind in (Evaluated, Probed, Progress):
        steps = [
            event.point.step if isinstance(event, Evaluated) else event.step for event in events if type(event) is kind
        ]
        require(
            steps == sorted(steps),
            f"{kind.__name__} of {job.run.text} came at steps {steps}",
            "steps that never fall",
            "Pass events on in the order in which they come",
        )


def _check_good(job: Job, end: Event | None) -> None:
    folder = Store(job.out).folder(job.run.key)
    require(
        isinstance(end, Finished) and (end.outcome in _GOOD, end.folder, end.problem) == (True, folder, None),
        f"{job.run.text}, which is sound, ended with {end}",
        f"converged or not converged, in {folder}, without a problem",
        "Look at the log of whatever does the job",
    )
    _check_recorded(job)


def _check_recorded(job: Job) -> None:
    require(
        Store(job.out).find(job.run.key) is not None,
        f"{job.run.text} has no record in {job.out}",
        "one",
        "Return from execute once every record stands",
    )


def _key(event: Event) -> str:
    return event.run.key if isinstance(event, Started) else event.key
