"""``mann-bench run``: train models on tasks over seeds and print the tables."""

from typing import TYPE_CHECKING

import click

from mann_bench.cli.parameters import (
    ExecutionOptions,
    VariantType,
    examples,
    execution_options,
    expect_runs,
    given_once,
    registry_of,
    say_begins,
)
from mann_bench.cli.problems import say
from mann_bench.core.collector import imported_for_good
from mann_bench.core.runs import short_key
from mann_bench.core.variants import Variant, parse_seeds

if TYPE_CHECKING:
    from mann_bench.execution.plan import Plan
    from mann_bench.execution.prepare import Setting


@click.command(
    epilog=examples(
        "mann-bench run --model ntm --task copy",
        "mann-bench run --model ntm --model lstm:units=64 --task copy --seeds 0-9",
        "mann-bench run --model dnc --task copy --protocol collier2018:max_steps=2000",
        "mann-bench run --model ntm --task copy --executor slurm:partition=cpu",
    )
)
@click.option(
    "--model", "models", multiple=True, required=True, type=VariantType("models"),
    help="Model with its options, such as ntm or ntm:memory_init=random. Can be given several times.",
)  # fmt: skip
@click.option(
    "--task", "tasks", multiple=True, required=True, type=VariantType("tasks"),
    help="Task with its options, such as copy or repeat_copy:layout=collier2018. Can be given several times.",
)  # fmt: skip
@click.option(
    "--seeds", default=["0-2"], show_default=True, multiple=True, callback=given_once,
    help="Seeds as numbers and ranges, such as 0-9 or 3,5.",
)  # fmt: skip
@click.option(
    "--protocol", default=["collier2018"], show_default=True, multiple=True, callback=given_once,
    type=VariantType("protocols"),
    help="Training recipe with changed fields, such as collier2018:max_steps=2000,learning_rate=3e-4.",
)  # fmt: skip
@execution_options
@click.pass_context
def command(
    context: click.Context,
    models: tuple[str, ...],
    tasks: tuple[str, ...],
    seeds: str,
    protocol: str,
    options: ExecutionOptions,
) -> int:
    """Train every model on every task with every seed under one protocol, and print the tables.

    If a run has a record already, it is not trained again, unless it failed. The exit code is 0 if all runs have a
    record, and 1 if a run failed or diverged.
    """
    chosen = parse_seeds(seeds)
    registry = registry_of(context)
    for text in models:
        registry.model(Variant.parse(text).name)
    for text in tasks:
        registry.task(Variant.parse(text).name)
    registry.protocol(Variant.parse(protocol).name)
    runs = len(models) * len(tasks) * len(chosen)
    say_begins(runs, f"{', '.join(models)} on {', '.join(tasks)}, seed{'' if len(chosen) == 1 else 's'} {seeds}")
    with imported_for_good():
        expect_runs(options, runs)
        from mann_bench.cli.execution import execute_plan
        from mann_bench.execution.plan import Block, make_plan

        plan = make_plan(registry, [Block(models, tasks, [protocol])], chosen)
    return execute_plan(registry, plan, options, _print_runs)


def _print_runs(plan: "Plan", setting: "Setting") -> None:
    for run in plan.runs:
        state = "has a record" if run.key in plan.cached else "would train"
        say(f"{short_key(run.key)}  {run.text}: {state}", err=True)
