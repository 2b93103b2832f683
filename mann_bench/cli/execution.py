"""What the subcommands that train share: look up, say what is to come, execute, print, answer with an exit code.

It imports what trains: subcommands import it when they are called.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click
from rich.console import Console

from mann_bench.api import Results, device_for, execute, wandb_mode
from mann_bench.cli.parameters import ExecutionOptions
from mann_bench.cli.problems import tell
from mann_bench.core.errors import UsageError
from mann_bench.core.runs import Outcome
from mann_bench.core.variants import Variant
from mann_bench.execution.executor import Executor
from mann_bench.execution.local import LocalExecutor, default_workers
from mann_bench.execution.memory import MemoryNeed, workers_that_fit
from mann_bench.execution.plan import Plan, Shard, look_up
from mann_bench.execution.resolve import Device, resolve_executor
from mann_bench.registry import Registry
from mann_bench.reporting.progress import ConsoleProgress
from mann_bench.reporting.tables.runs import KEY_DIGITS, outcome_text
from mann_bench.results.store import Store
from mann_bench.training.checkpoint import Checkpoints


@dataclass(frozen=True)
class Setting:
    """Where and how a plan is executed: words for people, the executor, the device.

    `workers` is the number of processes on this machine, None where the plan is executed elsewhere.
    """

    console: Console
    executor: Executor
    device: Device
    workers: int | None


def execute_plan(
    registry: Registry, plan: Plan, options: ExecutionOptions, describe: Callable[[Plan, Setting], None]
) -> int:
    """Look the plan up in the store, announce it and execute it; under ``--dry-run`` let `describe` tell it instead.

    Returns: the exit code, 0 where every run has a record, 1 where one failed or diverged.

    Raises:
        MannBenchError: as of `mann_bench.run`.
    """
    if options.shard:
        plan = Shard.parse(options.shard).of(plan)
    setting = _prepared(registry, plan, options)
    if options.dry_run:
        describe(plan, setting)
        return 0
    mode = wandb_mode(options.wandb)
    results = execute(
        plan,
        options.out,
        executor=setting.executor,
        threads=options.threads,
        device=setting.device,
        backend=options.backend,
        fresh=options.fresh,
        checkpoint_every=options.checkpoint_every,
        wandb=mode,
        observers=[ConsoleProgress(setting.console, len(plan.missing))],
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
    return jobs or default_workers(device, threads)


def _prepared(registry: Registry, plan: Plan, options: ExecutionOptions) -> Setting:
    console = Console(stderr=True, highlight=False)
    executor = _executor(registry, options)
    device = device_for(executor, options.device)
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
    if not options.fresh:
        _print_resumed(console, plan, store)
    return _announced(console, plan, options, executor, device)


def _announced(console: Console, plan: Plan, options: ExecutionOptions, executor: Executor, device: Device) -> Setting:
    """Say what is to come and what memory it takes; here, it is done in as many processes as memory carries."""
    cells = {(run.model.text, run.task.text): run for run in plan.missing}
    needs = {text: MemoryNeed.of(run.model, run.task, run.protocol.batch_size) for text, run in cells.items()}
    if not isinstance(executor, LocalExecutor):
        _print_header(console, plan, f"on {device} by {options.executor}", needs)
        return Setting(console, executor, device, None)
    jobs = most_workers(executor.jobs, options.threads, device)
    fit = workers_that_fit(needs.values()) if device == "cpu" else None
    workers = max(1, min(jobs, len(plan.missing), fit or jobs))
    room = f" (memory for {fit})" if fit else ""
    _print_header(console, plan, f"on {device} in {workers} process{'' if workers == 1 else 'es'}{room}", needs)
    return Setting(console, LocalExecutor(jobs=workers), device, workers)


def _executor(registry: Registry, options: ExecutionOptions) -> Executor:
    """Return the executor that was asked for; ``--jobs`` says it of the local one alone."""
    executor = resolve_executor(registry, options.executor)
    if options.jobs is None:
        return executor
    if not isinstance(executor, LocalExecutor):
        spec = registry.executor(Variant.parse(options.executor).name).spec
        option = spec.parallel_option
        instead = f"write {spec.name}:{option}={options.jobs}" if option else "leave it out"
        raise UsageError(f"--jobs is the local executor's. With executor {spec.name!r} {instead}.")
    if executor.jobs is not None:
        raise UsageError(f"--jobs {options.jobs} and --executor {options.executor}: give one of them.")
    return LocalExecutor(jobs=options.jobs)


def _print_header(console: Console, plan: Plan, how: str, needs: Mapping[tuple[str, str], MemoryNeed]) -> None:
    cached, missing = len(plan.cached), len(plan.missing)
    asked = "1 run" if len(plan.runs) == 1 else f"{len(plan.runs)} runs"
    training = f"{missing} to train{f', {how}' if missing else ''}"
    console.print(f"{asked}: {cached} answered from their records, {training}.", markup=False, soft_wrap=True)
    for (model, task), need in needs.items():
        console.print(f"{model} on {task}: {need}.", markup=False, soft_wrap=True)


def _print_resumed(console: Console, plan: Plan, store: Store) -> None:
    for run in plan.missing:
        step = Checkpoints(store.folder(run.key)).resumes_at()
        if step is not None:
            console.print(f"{run.text}: resumes at step {step:,}.", markup=False, soft_wrap=True)


def _print_records(results: Results, as_json: bool) -> None:
    """Print the tables, which name what failed and why; or the records, and that for people."""
    if not as_json:
        click.echo(str(results), nl=False)
        return
    for record in results.records:
        click.echo(record.model_dump_json())
    tell([f"{r.key[:KEY_DIGITS]}  {r.text}: {outcome_text(r)}" for r in results.records if r.error])


def _warn(console: Console, text: str) -> None:
    console.print(text, markup=False, style="yellow", soft_wrap=True)
