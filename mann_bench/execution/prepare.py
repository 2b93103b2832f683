"""Prepare a plan for execution, the same way for the command line and from Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mann_bench.core.backends import AUTO
from mann_bench.core.errors import UsageError
from mann_bench.core.jobs import Device
from mann_bench.core.variants import Variant
from mann_bench.execution.executor import Executor
from mann_bench.execution.local import LocalExecutor, default_workers
from mann_bench.execution.plan import Plan, look_up
from mann_bench.execution.ram import RamNeed, check_fit, workers_that_fit
from mann_bench.execution.resolve import remote_device, resolve_device, resolve_executor
from mann_bench.registry import Registry
from mann_bench.results.store import Store


@dataclass(frozen=True)
class Setting:
    """Where and how the missing runs of a plan are done.

    Attributes:
        executor: does them; where it is the local one, in as many processes as `workers` says.
        device: where each trains.
        workers: processes on this machine; None where another executor does the runs.
        fit: how many processes the RAM carries; None where that is unknown, or does not count.
        needs: the RAM that training takes, by the texts of model and task.
    """

    executor: Executor
    device: Device
    workers: int | None
    fit: int | None
    needs: Mapping[tuple[str, str], RamNeed]


def prepare(
    registry: Registry,
    plan: Plan,
    out: Path,
    *,
    executor: str = "local",
    jobs: int | None = None,
    threads: int = 1,
    device: str = "auto",
    backend: str = AUTO,
    fresh: bool = False,
    dry_run: bool = False,
) -> Setting:
    """Choose executor, device and workers, make the store ready, and fill in the records that it holds.

    Args:
        registry: answers which executors there are.
        plan: gets the records that are there, unless all is to be done `fresh`.
        out: folder of the store. Under `dry_run` nothing in it is touched.
        executor: where runs execute, as in ``slurm:partition=cpu``.
        jobs: the most processes of the local executor; by default as many as there are cores for their `threads`.
        threads: threads of each run.
        device: ``auto``, ``cpu`` or ``cuda``.
        backend: a choice of `mann_bench.models.preparation.prepare`.
        fresh: whether what has a record is done again.
        dry_run: whether the runs are only to be told of.

    Raises:
        MannBenchError: something does not exist, does not fit or cannot be written to.
    """
    if threads < 1:
        raise UsageError(f"threads must be at least 1, not {threads}.")
    made = _executor(registry, executor, jobs)
    chosen = resolve_device(device) if isinstance(made, LocalExecutor) else remote_device(device)
    store = Store(out)
    if not dry_run:
        store.prepare()
    if not fresh:
        look_up(plan, store, mend=not dry_run)
    largest_last = sorted(plan.missing, key=lambda run: run.protocol.batch_size)
    cells = {(run.model.text, run.task.text): run for run in largest_last}
    needs = {
        texts: RamNeed.of(run.model, run.task, run.protocol.batch_size, chosen, backend) for texts, run in cells.items()
    }
    if not isinstance(made, LocalExecutor):
        return Setting(made, chosen, None, None, needs)
    if chosen == "cpu":
        check_fit(needs)
    most = most_workers(made.jobs, threads, chosen)
    fit = workers_that_fit(needs.values()) if chosen == "cpu" else None
    workers = max(1, min(most, len(plan.missing), fit or most))
    return Setting(LocalExecutor(jobs=workers), chosen, workers, fit, needs)


def most_workers(jobs: int | None, threads: int, device: Device) -> int:
    """Return how many workers were asked for, by default as many as there are cores for their threads."""
    return jobs or default_workers(device, threads)


def _executor(registry: Registry, text: str, jobs: int | None) -> Executor:
    """Return the executor that was asked for; `jobs` are those of the local one alone."""
    executor = resolve_executor(registry, text)
    if jobs is None:
        return executor
    if not isinstance(executor, LocalExecutor):
        spec = registry.executor(Variant.parse(text).name).spec
        option = spec.parallel_option
        instead = f"write {spec.name}:{option}={jobs}" if option else "leave it out"
        raise UsageError(f"--jobs works only with the executor 'local'. With {spec.name!r}, {instead}.")
    if executor.jobs is not None:
        raise UsageError(f"--jobs {jobs} and --executor {text}: give one of them.")
    return resolve_executor(registry, f"local:jobs={jobs}")
