"""``mann-bench run``: train models on tasks over seeds and print both tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mann_bench.cli.parameters import VariantType, registry_of
from mann_bench.core.backends import AUTO, BACKEND_CHOICES

if TYPE_CHECKING:
    from rich.console import Console

    from mann_bench.execution.plan import Plan
    from mann_bench.registry import Registry
    from mann_bench.results.schema import Record


@click.command()
@click.option(
    "--model", "models", multiple=True, required=True, type=VariantType("models"),
    help="Model variant, such as ntm or ntm:memory_init=random. Repeatable.",
)  # fmt: skip
@click.option(
    "--task", "tasks", multiple=True, required=True, type=VariantType("tasks"),
    help="Task variant, such as copy or repeat_copy:layout=collier2018. Repeatable.",
)  # fmt: skip
@click.option("--seeds", default="0-2", show_default=True, help="Numbers and ranges: 0-9 or 3,5.")
@click.option(
    "--protocol", default="collier2018", show_default=True, type=VariantType("protocols"),
    help="Protocol, with fields to change: collier2018:max_steps=2000,learning_rate=3e-4.",
)  # fmt: skip
@click.option(
    "--out", default="runs", show_default=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the records.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes.  [default: one a core]")
@click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True,
    help="Threads of each process. More pay where there are fewer runs than cores.",
)  # fmt: skip
@click.option(
    "--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda"]),
    help="Where to train.",
)  # fmt: skip
@click.option(
    "--backend", default=AUTO, show_default=True, type=click.Choice(BACKEND_CHOICES),
    help="How recurrent models are computed: plain PyTorch, torch.compile or C++. Results agree.",
)  # fmt: skip
@click.option(
    "--wandb", type=click.Choice(["online", "offline", "disabled"]),
    help="Weights & Biases.  [default: online where logged in, else offline]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print each record as a line of JSON on stdout.")
@click.option("--dry-run", is_flag=True, help="Print what would run, and stop.")
@click.option("--fresh", is_flag=True, help="Train again what has a record.")
@click.pass_context
def command(
    context: click.Context,
    models: tuple[str, ...],
    tasks: tuple[str, ...],
    seeds: str,
    protocol: str,
    out: Path,
    jobs: int | None,
    threads: int,
    device: str,
    backend: str,
    wandb: str | None,
    as_json: bool,
    dry_run: bool,
    fresh: bool,
) -> int:
    """Train every model on every task with every seed under one protocol, and print both tables.

    A run that has a record already is answered from it. Exit code 0: all runs have a record; 1: some run
    failed or diverged.
    """
    from rich.console import Console

    from mann_bench.api import default_jobs, execute, wandb_mode
    from mann_bench.core.variants import parse_seeds
    from mann_bench.execution.plan import look_up, make_plan
    from mann_bench.execution.resolve import resolve_device
    from mann_bench.reporting.progress import ConsoleProgress
    from mann_bench.results.store import Store

    console = Console(stderr=True, highlight=False)
    registry = registry_of(context)
    plan = make_plan(registry, models, tasks, parse_seeds(seeds), protocol)
    resolved_device = resolve_device(device)
    store = Store(out)
    if not dry_run:
        store.prepare()
    if not fresh:
        look_up(plan, store, mend=not dry_run)
    _print_broken(console, registry)
    for path, reason in plan.set_aside:
        fate = "would be set aside" if dry_run else f"is set aside as {path}"
        console.print(f"{reason} It {fate}, and its run done again.", markup=False, style="yellow", soft_wrap=True)
    workers = _print_header(console, plan, resolved_device, jobs or max(1, default_jobs(resolved_device) // threads))
    if dry_run:
        _print_plan(console, plan)
        return 0
    mode = wandb_mode(wandb)
    results = execute(
        plan,
        out,
        jobs=workers,
        threads=threads,
        device=resolved_device,
        backend=backend,
        wandb=mode,
        observers=[ConsoleProgress(console)],
    )
    if as_json:
        for record in results.records:
            click.echo(record.model_dump_json())
    else:
        _print_tables(results.records)
    console.print(f"Records: {out}. W&B: {mode}.", markup=False)
    for problem in results.problems:
        console.print(f"Problem: {problem}", markup=False, style="yellow", soft_wrap=True)
    return _exit_code(plan, results.records)


def _print_broken(console: "Console", registry: "Registry") -> None:
    for plugin in registry.broken:
        console.print(
            f"Plugin {plugin.name!r} ({plugin.distribution} {plugin.version}) is broken: {plugin.reason}",
            markup=False, style="yellow", soft_wrap=True,
        )  # fmt: skip


def _print_header(console: "Console", plan: "Plan", device: str, jobs: int) -> int:
    """Say what is to come and what memory it takes; return the number of workers, as many as fit."""
    from mann_bench.execution.memory import MemoryNeed, workers_that_fit

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


def _print_plan(console: "Console", plan: "Plan") -> None:
    for run in plan.runs:
        state = "has a record" if run.key in plan.cached else "would train"
        console.print(f"{run.key[:12]}  {run.text}: {state}", markup=False, soft_wrap=True)


def _print_tables(records: "Sequence[Record]") -> None:
    from mann_bench.reporting.render import Format, render

    click.echo(render(records, Format.TEXT), nl=False)


def _exit_code(plan: "Plan", records: "Sequence[Record]") -> int:
    good = ("converged", "not_converged")
    complete = len(records) == len(plan.runs) and all(record.outcome in good for record in records)
    return 0 if complete else 1
