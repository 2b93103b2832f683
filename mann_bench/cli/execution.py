"""What the subcommands that train share: prepare, announce the runs, execute them, print, return an exit code.

It imports what trains: subcommands import it when they are called.
"""

import json
import shlex
from collections.abc import Callable

from rich.console import Console

from mann_bench.analysis.cells import cells
from mann_bench.analysis.tuned import TunedCells
from mann_bench.api import Results, execute, wandb_mode
from mann_bench.cli.columns import terminal_width
from mann_bench.cli.parameters import ExecutionOptions
from mann_bench.cli.problems import say, tell
from mann_bench.core.foreign_code import stdout_apart
from mann_bench.core.message_text import counted, printable
from mann_bench.core.runs import Outcome, short_key
from mann_bench.execution.plan import Plan, Shard
from mann_bench.execution.prepare import Setting, prepare
from mann_bench.registry import Registry
from mann_bench.reporting.progress import ConsoleProgress
from mann_bench.reporting.render import Format, render
from mann_bench.reporting.tables.runs import outcome_text
from mann_bench.reporting.wandb_mirror import WandbMode
from mann_bench.results.store import Store
from mann_bench.training.checkpoint import Checkpoints


def execute_plan(
    registry: Registry,
    plan: Plan,
    options: ExecutionOptions,
    describe: Callable[[Plan, Setting], None],
    tuned: TunedCells | None = None,
) -> int:
    """Prepare the plan, announce it and execute it; under ``--dry-run`` let `describe` tell it instead.

    The tables say which cells were `tuned`.

    Returns: the exit code, 0 where every run has a record, 1 where one failed or diverged.

    Raises:
        MannBenchError: as of `mann_bench.run`.
    """
    if options.shard:
        plan = Shard.parse(options.shard).of(plan)
    with stdout_apart():  # of what models print: the need of memory is measured
        setting = prepare(
            registry,
            plan,
            options.out,
            executor=options.executor,
            jobs=options.jobs,
            threads=options.threads,
            device=options.device,
            backend=options.backend,
            fresh=options.fresh,
            dry_run=options.dry_run,
        )
    console = Console(stderr=True, highlight=False)
    _announce(console, registry, plan, options, setting)
    if options.dry_run:
        describe(plan, setting)
        return 0
    mode = wandb_mode(options.wandb)
    with stdout_apart():  # of what models print
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
            observers=[ConsoleProgress(console, len(plan.missing))],
        )
    _print_records(results, options.as_json, tuned)
    _print(console, f"Records: {options.out}. W&B: {mode}.")
    if mode is WandbMode.OFFLINE and plan.missing:
        logs = shlex.quote(str(options.out / "wandb"))
        _print(console, f"To upload them to W&B: wandb login, then wandb sync {logs}/offline-run-*")
    for problem in results.problems:
        _print(console, f"Problem: {problem}", "yellow")
    good = (Outcome.CONVERGED, Outcome.NOT_CONVERGED)
    complete = len(results.records) == len(plan.runs) and all(record.outcome in good for record in results.records)
    return 0 if complete else 1


def _announce(console: Console, registry: Registry, plan: Plan, options: ExecutionOptions, setting: Setting) -> None:
    """Say what is wrong with plugins and records, and what is to come."""
    for plugin in registry.broken:
        source = f"{plugin.distribution} {plugin.version}"
        _print(console, f"Plugin {plugin.name!r} ({source}) is broken: {plugin.reason}", "yellow")
    for path, reason in plan.set_aside:
        fate = "would be set aside" if options.dry_run else f"is set aside as {path}"
        _print(console, f"{reason} It {fate}, and the run is done again.", "yellow")
    if not options.fresh:
        _print_resumed(console, plan, Store(options.out))
    _print_header(console, plan, setting, options.executor)


def _print_header(console: Console, plan: Plan, setting: Setting, executor: str) -> None:
    cached, missing = len(plan.cached), len(plan.missing)
    asked = counted(len(plan.runs), "run")
    training = f"{missing} to train{f', on {setting.device} {_where(setting, executor)}' if missing else ''}"
    _print(console, f"{asked}: {cached} already recorded, {training}.")
    for (model, task), need in setting.needs.items():
        _print(console, f"{model} on {task}: {need}.")


def _where(setting: Setting, executor: str) -> str:
    """Say which executor does the runs, or in how many processes of this machine they are done."""
    if setting.workers is None:
        return f"by {executor}"
    room = f" (memory allows {setting.fit})" if setting.fit else ""
    return f"in {counted(setting.workers, 'process', 'processes')}{room}"


def _print_resumed(console: Console, plan: Plan, store: Store) -> None:
    for run in plan.missing:
        step = Checkpoints(store.folder(run.key)).resumes_at()
        if step is not None:
            _print(console, f"{run.text}: resumes at step {step:,}.")


def _print_records(results: Results, as_json: bool, tuned: TunedCells | None) -> None:
    """Print the tables, or the records as JSON and their errors on standard error."""
    if not as_json:
        say(render(cells(results.records, tuned), Format.TEXT, terminal_width()), nl=False)
        return
    for record in results.records:
        say(json.dumps(json.loads(record.model_dump_json())))  # in ASCII, which any output can hold
    tell([f"{short_key(r.key)}  {r.text}: {outcome_text(r)}" for r in results.records if r.error])


def _print(console: Console, text: str, style: str | None = None) -> None:
    console.print(printable(text), markup=False, style=style, soft_wrap=True)
