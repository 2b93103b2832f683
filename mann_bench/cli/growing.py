"""``study run --until-decided``: look after look, until the claims and pairs of a study are decided."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from mann_bench.analysis.tuned import TunedCells
from mann_bench.cli.columns import aligned, prose
from mann_bench.cli.execution import execute_plan
from mann_bench.cli.parameters import ExecutionOptions
from mann_bench.cli.problems import say
from mann_bench.core.errors import UsageError
from mann_bench.core.message_text import counted
from mann_bench.core.runs import CellName, Run
from mann_bench.core.variants import seeds_text
from mann_bench.execution.plan import Plan, look_up
from mann_bench.execution.prepare import Setting
from mann_bench.registry import Registry
from mann_bench.results.schema import Record
from mann_bench.results.store import Store
from mann_bench.studies.deciding import check_decidable
from mann_bench.studies.growing import Standing, most_seeds
from mann_bench.studies.plan import StudyPlan


def run_until_decided(
    registry: Registry,
    planned: StudyPlan,
    options: ExecutionOptions,
    max_seeds: int | None,
    describe: Callable[[Plan, Setting], None],
    tuned: TunedCells | None = None,
) -> int:
    """Do the seeds of the next look of the cells that need them, judge, and go on until all is decided or done.

    What is on disk says how far the study is: given again, it goes on from there.

    Returns: the exit code, as of `execute_plan`; 1 also where a run failed, after which no look follows.

    Raises:
        MannBenchError: as of `execute_plan`; the study has no looks, or none that can decide anything, or options do
            not fit.
    """
    if options.shard or options.fresh:
        option = "--shard" if options.shard else "--fresh"
        raise UsageError(f"--until-decided judges all records after each look. Leave {option} out.")
    most = most_seeds(planned.looks, max_seeds)
    check_decidable(planned)
    code, told = 0, set[str]()
    while True:
        standing = Standing.of(planned, _whole(planned.all_runs, options))
        wanted = standing.next_look(most)
        for line in standing_lines(standing, wanted, most):
            say(line, err=True)
        if told and not wanted:
            return code
        begun = {name: standing.look([name]) or 0 for name in planned.cells} if not told else {}
        runs = [run for name, size in (begun | wanted).items() for run in planned.cells[name][:size]]
        if options.as_json:  # each record once
            runs = [run for run in runs if run.key not in told]
        code = max(code, execute_plan(registry, Plan(sorted(runs, key=lambda run: run.seed)), options, describe, tuned))
        if options.dry_run:
            return code
        told |= {run.key for run in runs}
        if failed := len(told - _whole(planned.all_runs, options).keys()):
            say(
                f"Stopped: {counted(failed, 'run')} failed. The same command does failed runs again, and goes on.",
                err=True,
            )
            return 1
        if not wanted:
            return code


def standing_lines(standing: Standing, wanted: Mapping[CellName, int], most: int) -> Iterator[str]:
    """Yield what is decided, what is not and why, and which cells get seeds for it."""
    looks, claims, pairs = standing.planned.looks, standing.open_claims, standing.open_pairs
    if all(seeds < looks.first for seeds in standing.seeds.values()):
        yield f"First look: {counted(looks.first, 'seed')} of each cell."
    else:
        of_claims = f"{len(standing.claims) - len(claims)} of {len(standing.claims)} claims"
        of_pairs = f"{len(standing.pairs) - len(pairs)} of {len(standing.pairs)} pairs of models"
        yield f"Decided: {of_claims} and {of_pairs}, at {looks.words()}."
        yield from (prose(f"  Undecided: {result.claim.name}: {result.reason}.") for result in claims)
        for subject, group in groupby(pairs, key=lambda result: result.pair.first[1:]):
            on = " under ".join(subject if _several_protocols(standing) else subject[:1])
            yield prose(f"  Undecided on {on}: {', '.join(str(result.pair) for result in group)}.")
    if wanted:
        yield from _wanted_lines(standing, wanted)
    elif claims or pairs:
        last = "the last look" if most == looks.last else "the last look that --max-seeds allows"
        yield prose(
            f"No more seeds: what is undecided has {last}, {most} seeds, or is such that seeds do not decide it."
        )


def _wanted_lines(standing: Standing, wanted: Mapping[CellName, int]) -> Iterator[str]:
    several = _several_protocols(standing)
    rows = [["model", "task", *(["protocol"] if several else []), "seeds to do", "then has"]]
    for name, size in wanted.items():
        seeds = [run.seed for run in standing.planned.cells[name][standing.seeds[name] : size]]
        rows.append([*(name if several else name[:2]), seeds_text(seeds), str(size)])
    yield from aligned(rows, headed=True)


def _several_protocols(standing: Standing) -> bool:
    return len({name.protocol for name in standing.planned.cells}) > 1


def _whole(runs: Sequence[Run], options: ExecutionOptions) -> Mapping[str, Record]:
    """Return the records of runs that did not fail, by key; nothing on disk is touched."""
    plan = Plan(list(runs))
    look_up(plan, Store(options.out), mend=False)
    return plan.cached
