"""``mann-bench study``: list, show and run studies, see how far they are, check their claims."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mann_bench.cli.columns import aligned
from mann_bench.cli.parameters import (
    ExecutionOptions,
    PathType,
    VariantType,
    device_option,
    examples,
    execution_options,
    expect_runs,
    jobs_option,
    out_option,
    registry_of,
    say_begins,
    threads_option,
    tuned_option,
)
from mann_bench.cli.problems import say, tell
from mann_bench.core.collector import imported_for_good, uncollected
from mann_bench.core.errors import UsageError

if TYPE_CHECKING:
    from mann_bench.registry import Registry
    from mann_bench.results.schema import Record
    from mann_bench.statistics.looks import Looks
    from mann_bench.studies.plan import StudyPlan
    from mann_bench.studies.tuning_file import Tuning

REFUTED = 4

_study = click.argument("study", type=VariantType("studies"))
_leaderboards = click.option(
    "--leaderboards",
    type=PathType(file_okay=False),
    help="Folder of leaderboards; take the records from the entries there, and not from --out.",
)


@click.group()
def command() -> None:
    """Run a study, and check its claims. A study is a file that names models, tasks, seeds, protocols and claims.

    STUDY is a name from `study list`, or the path of a study file that ends in .toml.
    """


@command.command(
    "list",
    epilog=examples("mann-bench study list"),
)
@click.option("--json", "as_json", is_flag=True, help="Print each as a line of JSON.")
@click.pass_context
def list_studies(context: click.Context, as_json: bool) -> None:
    """List the installed studies with the number of their runs."""
    from mann_bench.studies.loading import load_study

    registry = registry_of(context)
    studies = [load_study(registry, name) for name in sorted(registry.studies)]
    rows = [{"name": study.name, "runs": study.run_count(), "summary": study.summary} for study in studies]
    _print(map(json.dumps, rows) if as_json else aligned([[str(value) for value in row.values()] for row in rows]))


@command.command(epilog=examples("mann-bench study show memory-init", "mann-bench study show my-study.toml"))
@_study
@click.pass_context
def show(context: click.Context, study: str) -> None:
    """Show the models, tasks, seeds, protocols and claims of STUDY, and check that all of them exist."""
    from mann_bench.cli.study_tables import study_lines
    from mann_bench.studies.plan import plan_study

    _print(study_lines(plan_study(registry_of(context), study)))


@command.command(
    epilog=examples(
        "mann-bench study run memory-init",
        "mann-bench study run memory-init --jobs 4 --dry-run",
        "mann-bench study run memory-init --until-decided --max-seeds 20",
        "mann-bench study run my-study.toml --tuned my-study-tuned.json",
    )
)
@_study
@click.option(
    "--until-decided", is_flag=True,
    help="Go on to the next look of those cells that an undecided claim or pair of models needs, until all is decided.",
)  # fmt: skip
@click.option(
    "--max-seeds", metavar="N", type=click.IntRange(min=1),
    help="With --until-decided: stop at the last look that has no more seeds than this.",
)  # fmt: skip
@tuned_option
@execution_options
@click.pass_context
def run(
    context: click.Context,
    study: str,
    until_decided: bool,
    max_seeds: int | None,
    tuned: Path | None,
    options: ExecutionOptions,
) -> int:
    """Do the runs of STUDY that failed or have no record yet, and print the tables.

    A study that names looks may grow. Stopped and given again, --until-decided goes on; with --dry-run it says what
    the next look would do.

    Exit codes are those of `mann-bench run`.
    """
    from mann_bench.studies.loading import load_study

    if max_seeds is not None and not until_decided:
        raise UsageError("--max-seeds limits how far a study grows. Give --until-decided too.")
    registry = registry_of(context)
    loaded = load_study(registry, study)
    say_begins(loaded.run_count(), loaded.name)
    with imported_for_good():
        expect_runs(options, loaded.run_count())
        from mann_bench.cli.execution import execute_plan
        from mann_bench.cli.study_tables import describing
        from mann_bench.studies.plan import plan_study

        tuning = _tuning(tuned)
        planned = plan_study(registry, study, tuning)
    describe, rates = describing(options.out), tuning.tuned_cells() if tuning else None
    if until_decided:
        from mann_bench.cli.growing import run_until_decided

        code = run_until_decided(registry, planned, options, max_seeds, describe, rates)
    else:
        code = execute_plan(registry, planned.plan, options, describe, rates)
    if planned.claims and not options.dry_run and not options.shard:
        with_rates = ["--tuned", str(tuned)] if tuned else []
        words = shlex.join(["mann-bench", "study", "check", study, "--out", str(options.out), *with_rates])
        say(f"Check its claims: {words}", err=True)
    return code


@command.command(epilog=examples("mann-bench study status memory-init --jobs 8"))
@_study
@out_option
@jobs_option
@threads_option
@device_option
@tuned_option
@click.pass_context
def status(
    context: click.Context, study: str, out: Path, jobs: int | None, threads: int, device: str, tuned: Path | None
) -> None:
    """Show which runs of STUDY are finished, how they ended, and how long the others will take."""
    from mann_bench.results.outlines import Outlines, reading

    with uncollected(), reading(out) as begun:
        # Imported and resolved while another process reads: with torch, the one takes about as long as the other.
        from mann_bench.cli.study_tables import PlanStatus, cell_lines, tell_missing
        from mann_bench.execution.prepare import most_workers
        from mann_bench.execution.resolve import device_name, resolve_device
        from mann_bench.studies.plan import plan_study

        planned = plan_study(registry_of(context), study, _tuning(tuned))
        resolved = resolve_device(device)
        found = Outlines.of(begun.results())
    outcomes = {each.key: each.outcome for each in found.known}
    runs = planned.begun(outcomes)
    asked = {run.key for run in runs}
    tell_missing([each.reason for each in found.problems if each.file.parent.name in asked])
    so_far = PlanStatus(runs, outcomes, found.on(device_name(resolved)), out)
    workers = min(most_workers(jobs, threads, resolved), max(1, len(so_far.missing)))
    _print(cell_lines(so_far, workers))


@command.command(
    epilog=examples(
        "mann-bench study check memory-init", "mann-bench study check memory-init --leaderboards leaderboards"
    )
)
@_study
@out_option
@_leaderboards
@tuned_option
@click.option("--json", "as_json", is_flag=True, help="Print each claim as one line of JSON.")
@click.pass_context
def check(
    context: click.Context, study: str, out: Path, leaderboards: Path | None, tuned: Path | None, as_json: bool
) -> int:
    """Check for each claim of STUDY whether the records support it.

    The exit code is 4 if a claim is not reproduced. It is 0 if all claims are reproduced or undecided.
    """
    from mann_bench.cli.claim_tables import claim_json, claim_lines
    from mann_bench.studies.claim_text import counts_text
    from mann_bench.studies.claims import Verdict, check_claims

    planned, records = _planned(registry_of(context), study, out, leaderboards, tuned)
    results = check_claims(planned.claims, records)
    if as_json:
        _print(map(claim_json, results))
        say(f"{counts_text(results)}.", err=True)
    else:
        _print([*claim_lines(results), *_level_lines(planned.looks)])
    return REFUTED if any(result.verdict is Verdict.NOT_REPRODUCED for result in results) else 0


@command.command(
    epilog=examples(
        "mann-bench study power memory-init", "mann-bench study power memory-init --leaderboards leaderboards --jobs 8"
    )
)
@_study
@out_option
@_leaderboards
@jobs_option
@threads_option
@device_option
@tuned_option
@click.option("--json", "as_json", is_flag=True, help="Print each claim and pair as one line of JSON.")
@click.pass_context
def power(
    context: click.Context,
    study: str,
    out: Path,
    leaderboards: Path | None,
    jobs: int | None,
    threads: int,
    device: str,
    tuned: Path | None,
    as_json: bool,
) -> None:
    """Show how many seeds each undecided claim and each pair of models of STUDY needs, and how long they take.

    The answer is simulated from the records at hand.
    """
    from mann_bench.cli.power_tables import Outlook, power_json, power_lines
    from mann_bench.execution.prepare import most_workers
    from mann_bench.execution.resolve import device_name, resolve_device
    from mann_bench.results.outlines import Outline
    from mann_bench.studies.growing import Standing
    from mann_bench.studies.power import needs

    planned, records = _planned(registry_of(context), study, out, leaderboards, tuned)
    resolved = resolve_device(device)
    standing, outlines = Standing.of(planned, records), [Outline.of(record) for record in records.values()]
    workers = most_workers(jobs, threads, resolved)
    outlook = Outlook(standing, list(needs(standing, records)), outlines, device_name(resolved), workers)
    _print((power_json(outlook, need) for need in outlook.needs) if as_json else power_lines(outlook))


def _tuning(file: Path | None) -> "Tuning | None":
    """Return the rates in a file of `mann-bench tune`; None where there is no file."""
    from mann_bench.studies.tuning_file import load_tuning

    return load_tuning(file) if file else None


def _planned(
    registry: "Registry", study: str, out: Path, leaderboards: Path | None, tuned: Path | None
) -> "tuple[StudyPlan, dict[str, Record]]":
    """Return a study and its records by run key, from its entries where there is a folder of leaderboards."""
    from mann_bench.studies.plan import plan_study

    if leaderboards is None:
        from mann_bench.cli.study_tables import recorded

        planned = plan_study(registry, study, _tuning(tuned))
        return planned, recorded(planned.all_runs, out)
    if tuned:
        raise UsageError("--tuned: entries hold the rates of their runs. Leave it out with --leaderboards.")
    from mann_bench.leaderboard.records import earlier_versions, study_records

    planned, records = study_records(registry, leaderboards, study)
    if earlier := earlier_versions(registry, records.values()):
        tell([", ".join(earlier)], before="Judged by records of ", after=".")
    return planned, records


def _level_lines(looks: "Looks") -> list[str]:
    """Return at which level a study that grows is judged; of one that does not, its intervals say all."""
    return [f"Judged at {looks.words()}."] if len(looks.sizes) > 1 else []


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)
