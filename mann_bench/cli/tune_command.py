"""``mann-bench tune``: choose the learning rate of each model on each task of a study, on seeds of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mann_bench.cli.columns import aligned, prose
from mann_bench.cli.parameters import (
    ExecutionOptions,
    PathType,
    VariantType,
    examples,
    execution_options,
    expect_runs,
    registry_of,
    say_begins,
)
from mann_bench.cli.problems import say
from mann_bench.core.collector import imported_for_good
from mann_bench.core.errors import UsageError
from mann_bench.core.message_text import counted
from mann_bench.core.runs import Outcome
from mann_bench.core.variants import parse_seeds

if TYPE_CHECKING:
    from mann_bench.studies.schema import Study, TuningTable
    from mann_bench.studies.tuning import TuningPlan
    from mann_bench.studies.tuning_file import Trial, Tuning


@click.command(
    epilog=examples(
        "mann-bench tune my-study.toml --dry-run",
        "mann-bench tune my-study.toml --rates 1e-4,3e-4,1e-3",
        "mann-bench tune my-study.toml --jobs 4 --file rates.json",
    )
)
@click.argument("study", type=VariantType("studies"))
@click.option(
    "--rates", metavar="RATE,RATE,...",
    help="Learning rates to choose from, rising.  [default: those of the study file, or 3e-4,1e-3,3e-3]",
)  # fmt: skip
@click.option(
    "--file", type=PathType(dir_okay=False),
    help="File for the result.  [default: the name of the study, and -tuned.json]",
)  # fmt: skip
@execution_options
@click.pass_context
def command(context: click.Context, study: str, rates: str | None, file: Path | None, options: ExecutionOptions) -> int:
    """Choose the learning rate of each model on each task of STUDY, and write the rates into a file.

    Each cell of the study trains at each rate, under its own protocol, on seeds that no study has. The validation
    stream alone decides. If the command was stopped, the same command continues it.

    The exit code is 0 if all tuning runs have a record, and 1 if one failed. A run that diverged counts as a result.
    """
    from mann_bench.studies.loading import load_study

    registry = registry_of(context)
    loaded = load_study(registry, study)
    table, path = _table(loaded, rates), file or Path(f"{loaded.name}-tuned.json")
    runs = loaded.cell_count() * len(table.rates) * len(parse_seeds(table.seeds))
    say_begins(runs, f"tuning of {loaded.name}")
    with imported_for_good():
        expect_runs(options, runs)
        from mann_bench.cli.execution import execute_plan
        from mann_bench.cli.study_tables import describing, recorded
        from mann_bench.results.files import prepare_file, write_output
        from mann_bench.studies.plan import plan_study
        from mann_bench.studies.tuning import plan_tuning, tuning_of
        from mann_bench.studies.tuning_file import RULES, tuning_content

        planned = plan_study(registry, study)
        tuning = plan_tuning(registry, loaded.name, loaded.version, table, planned.cells)
    if not options.dry_run:
        prepare_file(path, "--file")
        _check_replaces(path, tuning)
    say(prose(f"Tuning: {table.words()}: {RULES[table.rule]}."), err=True)
    code = execute_plan(registry, tuning.plan, options, describing(options.out))
    if options.shard and not options.dry_run:
        say("No rate is chosen yet: give the command without --shard once all parts have their records.", err=True)
    if options.dry_run or options.shard:
        return code
    records = recorded(tuning.plan.runs, options.out)
    if missing := len(tuning.plan.runs) - len(records):
        say(f"{counted(missing, 'run')} without a record: no rate is chosen yet. The same command continues.", err=True)
        return 1
    found = tuning_of(tuning, records)
    write_output("the rates", path, {path: tuning_content(found)})
    for line in _lines(found):
        say(line, err=options.as_json)
    say(f"Use them: mann-bench study run {study} --tuned {path}", err=True)
    return 1 if any(record.outcome is Outcome.FAILED for record in records.values()) else 0


def _table(study: "Study", rates: str | None) -> "TuningTable":
    """Return the rates, seeds and rule of a study, or its own rates; raises UsageError where both are given."""
    import pydantic

    from mann_bench.studies.schema import TuningTable

    if rates is None:
        return study.tuning or TuningTable()
    if study.tuning is not None:
        raise UsageError(f"--rates: {study.name} states {study.tuning.words()}. Leave --rates out, or change its file.")
    try:
        return TuningTable(rates=[float(rate) for rate in rates.split(",")])
    except (ValueError, pydantic.ValidationError) as error:
        text = f"--rates {rates!r}: expected two or more positive numbers that rise, such as 3e-4,1e-3,3e-3."
        raise UsageError(text) from error


def _check_replaces(path: Path, tuning: "TuningPlan") -> None:
    """Raise UsageError where a file is there that is not of the same tuning."""
    from mann_bench.studies.tuning_file import load_tuning

    if not path.exists():
        return
    try:
        earlier = load_tuning(path)
    except UsageError as error:
        raise UsageError(f"--file {path}: it is there, and no file of mann-bench tune. Choose another name.") from error
    if (earlier.study, earlier.study_version, earlier.table) != (tuning.study, tuning.version, tuning.table):
        raise UsageError(
            f"--file {path}: it is there, and of {earlier.study}, version {earlier.study_version}, with "
            f"{earlier.table.words()}. Choose another name, or move it away."
        )


def _lines(tuning: "Tuning") -> Iterator[str]:
    """Yield the rate of each cell, and what it did at each rate."""
    several = len({cell.protocol for cell in tuning.cells}) > 1
    seeds = len(parse_seeds(tuning.table.seeds))
    rates = [f"{rate:g}" for rate in tuning.table.rates]
    rows = [["model", "task", *(["protocol"] if several else []), *rates, "chosen"]]
    for cell in tuning.cells:
        tried = [_trial_text(trial, seeds) for trial in cell.trials]
        rows.append([*(cell.name if several else cell.name[:2]), *tried, f"{cell.rate:g}"])
    yield from aligned(rows, headed=True)
    yield ""
    yield prose("Of each rate: seeds that solved the task, the median steps until then, the median final error.")
    cost = tuning.tuned_cells().values()
    sequences, seconds = sum(each.sequences for each in cost), sum(each.seconds for each in cost)
    yield f"Tuning cost {sequences:,} sequences and {seconds:,.1f} seconds of training."


def _trial_text(trial: "Trial", seeds: int) -> str:
    steps = "-" if trial.steps is None else f"{trial.steps:,.0f}"
    error = "-" if trial.error is None else f"{trial.error:.3g}"
    return f"{trial.solved}/{seeds}, {steps}, {error}"
