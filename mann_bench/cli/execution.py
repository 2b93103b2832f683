"""What the subcommands that train share: look up, say what is to come, execute, print, answer with an exit code.

It imports what trains: subcommands import it when they are called.
"""

from collections.abc import Callable
from dataclasses import dataclass

import click
from rich.console import Console

from mann_bench.api import Results, default_jobs, execute, wandb_mode
from mann_bench.cli.parameters import ExecutionOptions
from mann_bench.core.runs import Outcome
from mann_bench.execution.memory import MemoryNeed, workers_that_fit
from mann_bench.execution.plan import Plan, look_up
from mann_bench.execution.resolve import Device, resolve_device
from mann_bench.registry import Registry
from mann_bench.reporting.progress import ConsoleProgress
from mann_bench.results.store import Store


@dataclass(frozen=True)
class Setting:
    """Where and how a plan is executed: words for people, the device, the number of workers."""

    console: Console
    device: Device
    workers: int


def execute_plan(
    registry: Registry, plan: Plan, options: ExecutionOptions, describe: Callable[[Plan, Setting], None]
) -> int:
    """Look the plan up in the store, announce it and execute it; under ``--dry-run`` let `describe` tell it instead.

    Returns: the exit code, 0 where every run has a record, 1 where one failed or diverged.

    Raises:
        MannBenchError: as of `mann_bench.run`.
    """
    setting = _prepared(registry, plan, options)
    if options.dry_run:
        describe(plan, setting)
        return 0
    mode = wandb_mode(options.wandb)
    results = execute(
        plan,
        options.out,
        jobs=setting.workers,
        threads=options.threads,
        device=setting.device,
        backend=options.backend,
        wandb=mode,
        observers=[ConsoleProgress(setting.console)],
    )
    _print_records(results, options.as_json)
    setting.console.print(f"Records: {options.out}. W&B: {mode}.", markup=False)
    for problem in results.problems:
        _warn(setting.console, f"Problem: {problem}")
    good = (Outcome.CONVERGED, Outcome.NOT_CONVERGED)
    complete = len(results.records) == len(plan.runs) and all(record.outcome in good for record in results.records)
    return 0 if complete else 1


def most_workers(jobs: int | None, threads: int, device: Device) -> int:
    """Return how many workers were asked for, by default as many as there are cores for their threads."""
    return jobs or max(1, default_jobs(device) // threads)


def _prepared(registry: Registry, plan: Plan, options: ExecutionOptions) -> Setting:
    console = Console(stderr=True, highlight=False)
    device = resolve_device(options.device)
    store = Store(options.out)
    if not options.dry_run:
        store.prepare()
    if not options.fresh:
        look_up(plan, store, mend=not options.dry_run)
    for plugin in registry.broken:
        source = f"{plugin.distribution} {plugin.version}"
        _warn(console, f"Plugin {plugin.name!r} ({source}) is broken: {plugin.reason}")
    for path, reason in plan.set_aside:
        fate = "would be set aside" if options.dry_run else f"is set aside as {path}"
        _warn(console, f"{reason} It {fate}, and its run done again.")
    workers = _print_header(console, plan, device, most_workers(options.jobs, options.threads, device))
    return Setting(console, device, workers)


def _print_header(console: Console, plan: Plan, device: str, jobs: int) -> int:
    """Say what is to come and what memory it takes; return the number of workers, as many as fit."""
    cells = {(run.model.text, run.task.text): run for run in plan.missing}
    needs = {text: MemoryNeed.of(run.model, run.task, run.protocol.batch_size) for text, run in cells.items()}
    fit = workers_that_fit(needs.values()) if device == "cpu" else None
    workers = min(jobs, len(plan.missing), fit or jobs)
    cached, missing = len(plan.cached), len(plan.missing)
    how = f", on {device} in {workers} process{'' if workers == 1 else 'es'}" if missing else ""
    how += f" (memory for {fit})" if fit else ""
    asked = "1 run" if len(plan.runs) == 1 else f"{len(plan.runs)} runs"
    console.print(f"{asked}: {cached} answered from their records, {missing} to train{how}.", soft_wrap=True)
    for (model, task), need in needs.items():
        console.print(f"{model} on {task}: {need}.", markup=False, soft_wrap=True)
    return max(workers, 1)


def _print_records(results: Results, as_json: bool) -> None:
    if not as_json:
        click.echo(str(results), nl=False)
        return
    for record in results.records:
        click.echo(record.model_dump_json())


def _warn(console: Console, text: str) -> None:
    console.print(text, markup=False, style="yellow", soft_wrap=True)
