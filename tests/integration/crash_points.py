"""Let every file operation of a command fail in every way, or end the process, and give the same command again.

    PYTHONPATH=tests python tests/integration/crash_points.py [--every 5]

With --every 5 it is each fifth operation alone.

The command does two runs, of which one has its record already. Whatever happens at whatever operation: the command
does its work or says in words what is wrong; the record that was there is read as it was; the same command, given
again, completes; and then every run has exactly one record, equal to that of a command that nothing happened to.
"""

import argparse
import collections
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from integration.campaign import records
from integration.faults import Fault, Faults

import mann_bench
from mann_bench.core.events import Evaluated, Event
from mann_bench.core.jobs import Job
from mann_bench.core.runs import Outcome
from mann_bench.execution.plan import Block, make_plan
from mann_bench.execution.worker import execute_job
from mann_bench.registry import Registry
from mann_bench.results.repeatable import repeatable
from mann_bench.results.store import Store

MODEL, TASK = "lstm:layers=1,units=4", "copy:max_length=2"
PROTOCOL = (
    "collier2018:max_steps=4,batch_size=2,evaluate_every=2,validation_sequences=4,grace=2,probe_every=2,"
    "probe_sequences=1,test_sequences=1"
)
OFTEN = 1e-9


def command(out: Path, **options: Any) -> mann_bench.Results:
    """Do both runs in this process, with a checkpoint at every turn."""
    gc.freeze()  # or training would search all that pytest holds for garbage, each time anew
    try:
        return mann_bench.run(
            [MODEL], [TASK], [0, 1], PROTOCOL, out=out, wandb="disabled", plugins=False, progress=False,
            checkpoint_every=OFTEN, jobs=1, **options,
        )  # fmt: skip
    finally:
        gc.unfreeze()


def with_record(out: Path, made: Path) -> None:
    """The first run has its record."""
    first = min(made.iterdir())
    shutil.copytree(first, out / first.name)


def with_checkpoint(out: Path, made: Path) -> None:
    """The second run was stopped after its second step, as well."""
    with_record(out, made)
    plan = make_plan(Registry.discover(third_party=False), [Block([MODEL], [TASK], [PROTOCOL])], [0, 1])
    (run,) = (run for run in plan.runs if not (out / run.key).exists())

    def stop(event: Event) -> None:
        if isinstance(event, Evaluated) and event.point.step == 4:
            raise BrokenPipeError

    try:
        execute_job(Job(run, "cpu", "auto", out, checkpoint_every=OFTEN), stop)
    except BrokenPipeError:
        assert list((out / run.key).glob("checkpoint-*.pt"))


class Scenario(NamedTuple):
    """What a folder holds when the command is given, and whether all is to be done afresh."""

    prepare: Callable[[Path, Path], None]
    fresh: bool = False


SCENARIOS = {
    "one run is left": Scenario(with_record),
    "one run goes on": Scenario(with_checkpoint),
    "all runs again": Scenario(with_record, fresh=True),
}


class Point(NamedTuple):
    """What came of one fault: the operation it hit, None where there are no more, and how the command ended."""

    operation: str | None
    end: str


def points(folder: Path, scenario: Scenario, fault: Fault, every: int = 1, first: int = 1) -> Iterator[Point]:
    """Yield what comes of a fault at every operation; raises AssertionError where something is lost or unclear."""
    made = folder / "undisturbed"
    if not made.exists():
        command(made)
    expected = records(made)
    number = first
    while True:
        out = folder / "runs"
        out.mkdir()
        scenario.prepare(out, made)
        point = _attempt(out, Faults(out, fault, number), scenario.fresh)
        kept = Store(out).find(min(expected))
        assert kept is not None, point
        assert repeatable(kept) == expected[kept.key], point
        command(out)
        assert records(out) == expected, point
        shutil.rmtree(out)
        if point.operation is None:
            return
        yield point
        number += every


def _attempt(out: Path, faults: Faults, fresh: bool) -> Point:
    """Give the command in a process of its own, which the fault may kill."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            end = _end(out, faults, fresh)
        except BaseException:
            end = traceback.format_exc()
        os.write(write, json.dumps([faults.hit, end]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == -signal.SIGKILL:
        return Point("unknown", "killed")
    point = Point(*json.loads(told))
    assert "Traceback" not in point.end, point
    return point


def _end(out: Path, faults: Faults, fresh: bool) -> str:
    """Return how the command ends with the faults, in words."""
    with faults:
        try:
            results = command(out, fresh=fresh)
        except mann_bench.MannBenchError as error:
            if not any(word in str(error) for word in ("No space", "Input/output", "Permission")):
                raise  # it does not say what is wrong
            return str(error).replace(str(out), "")
    assert all(record.outcome is not Outcome.FAILED for record in results.records)
    return "fine"


def main() -> None:
    """Do all scenarios with all faults and say how many operations were hit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1)
    every = parser.parse_args().every
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as directory:
        for name, scenario in SCENARIOS.items():
            for fault in Fault:
                ends = collections.Counter(point.end for point in points(Path(directory), scenario, fault, every))
                fine = ends["fine"]
                told = ends.total() - fine
                print(f"{name}, {fault}: {ends.total()} operations, {fine} without effect, {told} told or killed")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
