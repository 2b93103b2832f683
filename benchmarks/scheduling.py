"""What an executor costs a run: many runs of two steps, beside a bare loop that does the same in this process.

.venv/bin/python benchmarks/scheduling.py [--runs 1000] [--executors local:jobs=1 local:jobs=2] [--out FOLDER]

CPU time is that of this process and its workers: where neighbours share the machine, it says more than the clock.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measuring import print_table

import mann_bench
from mann_bench.api import execute
from mann_bench.execution.plan import Block, Plan, make_plan
from mann_bench.execution.resolve import resolve_executor
from mann_bench.registry import Registry
from mann_bench.reporting.wandb_mirror import WandbMode

PROTOCOL = (
    "collier2018:max_steps=2,batch_size=2,evaluate_every=2,validation_sequences=4,grace=0,probe_every=0,"
    "test_sequences=2"
)
WARMING = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--executors", nargs="+", default=["local:jobs=1", "local:jobs=2"])
    parser.add_argument("--out", help="folder for the records: one that nodes share, for executors elsewhere")
    given = parser.parse_args()
    registry = Registry.discover()
    block = Block(["lstm:layers=1,units=8"], ["copy:max_length=3"], [PROTOCOL])
    plan = make_plan(registry, [block], range(given.runs))
    rows = []
    with tempfile.TemporaryDirectory(dir=given.out) as folder:
        loop(Plan(plan.runs[:WARMING]), Path(folder) / "warm")
        rows.append(row("bare loop over execute_job", given.runs, lambda: loop(plan, Path(folder) / "bare")))
        for number, text in enumerate(given.executors):
            out = Path(folder) / str(number)
            rows.append(row(f"executor {text}", given.runs, lambda: through(registry, text, plan, out)))  # noqa: B023
    print_table([f"{given.runs:,} runs of two steps", "seconds", "ms a run", "CPU ms a run"], rows)


def row(what: str, runs: int, work: Callable[[], None]) -> list[str]:
    before, started = cpu_seconds(), time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return [what, f"{seconds:.1f}", f"{1000 * seconds / runs:.1f}", f"{1000 * (cpu_seconds() - before) / runs:.1f}"]


def cpu_seconds() -> float:
    """Return what this process and those that it started and that have ended computed, user and system."""
    return sum(os.times()[:4])


def loop(plan: Plan, out: Path) -> None:
    for run in plan.runs:
        mann_bench.execute_job(mann_bench.Job(run, "cpu", "eager", out), lambda event: None)


def through(registry: Registry, text: str, plan: Plan, out: Path) -> None:
    executor = resolve_executor(registry, text)
    results = execute(
        plan, out, executor=executor, threads=1, device="cpu", backend="eager", wandb=WandbMode.DISABLED, fresh=False
    )
    assert len(results.records) == len(plan.runs), results.problems


if __name__ == "__main__":
    main()
