"""What `study show` and `study status` print: a study in words, how far its cells are."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mann_bench.cli.columns import aligned, prose
from mann_bench.cli.problems import say, tell
from mann_bench.core.message_text import counted
from mann_bench.core.runs import Outcome, Run
from mann_bench.core.variants import seeds_text
from mann_bench.execution.estimate import Seconds, seconds_in_parallel, seconds_of_cells
from mann_bench.execution.plan import Plan, by_cell, look_up
from mann_bench.execution.prepare import Setting
from mann_bench.execution.resolve import device_name
from mann_bench.results.outlines import Outline, Outlines, reading
from mann_bench.results.schema import Record
from mann_bench.results.store import Store
from mann_bench.studies.claim_text import sizes_text, tolerance_text
from mann_bench.studies.plan import StudyPlan
from mann_bench.studies.schema import Claim


def study_lines(planned: StudyPlan) -> Iterator[str]:
    """Yield the content of a study, for people."""
    study = planned.study
    yield prose(f"{study.name}, version {study.version}: {study.summary}")
    if study.reference:
        yield prose(study.reference)
    yield ""
    looks = [f"{', '.join(map(str, study.looks))}, judged at {100 * planned.looks.level:.4g} %"] if study.looks else []
    yield from aligned([
        ["seeds", study.seeds],
        *_listed("looks", looks),
        ["runs", str(len(planned.plan.runs))],
        *_listed("protocols", study.protocols),
        *_listed("tuning", [study.tuning.words()] if study.tuning else []),
    ])  # fmt: skip
    for block in study.cells:
        yield ""
        yield from aligned([*_listed("models", block.models), *_listed("on", block.tasks)])
    for claim in study.claims:
        yield ""
        yield prose(f"{claim.name}: {claim.statement}")
        yield from aligned(_claim_rows(claim), indent="  ")


class PlanStatus(NamedTuple):
    """How far the runs of a plan are.

    Attributes:
        runs: all of them.
        outcomes: how those ended that have a record, by key.
        earlier: what is known of runs on the same machine.
        out: where the records lie.
    """

    runs: Sequence[Run]
    outcomes: Mapping[str, Outcome]
    earlier: Sequence[Outline]
    out: Path

    @property
    def missing(self) -> list[Run]:
        """The runs that have to be done, those that failed among them."""
        return [run for run in self.runs if self.outcomes.get(run.key, Outcome.FAILED) is Outcome.FAILED]


def cell_lines(status: PlanStatus, workers: int | None) -> Iterator[str]:
    """Yield which runs of each cell have a record, how they ended, and how long `workers` need for the rest.

    Where there are no `workers`, as the runs are done elsewhere, it is how long they would take here, one by one.
    """
    all_missing, outcomes = status.missing, status.outcomes
    missing, seconds = by_cell(all_missing), seconds_of_cells(all_missing, status.earlier)
    several = len({run.protocol_text for run in status.runs}) > 1
    rows = [["model", "task", *(["protocol"] if several else []), "recorded", "outcomes", "missing seeds", "time left"]]
    for cell, runs in by_cell(status.runs).items():
        left = missing.get(cell, [])
        counts = Counter(str(outcomes[run.key]) for run in runs if run.key in outcomes)
        known = seconds.get(cell)
        rows.append([
            *(cell if several else cell[:2]),
            f"{len(runs) - len(left)}/{len(runs)}",
            ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "-",
            seeds_text(run.seed for run in left) or "-",
            ("unknown" if known is None else time_text(known)) if left else "-",
        ])  # fmt: skip
    yield from aligned(rows, headed=True)
    unknown = sum(each is None for each in seconds.values())
    yield ""
    yield f"{len(status.runs) - len(all_missing)} of {len(status.runs)} runs have a record."
    if len(seconds) > unknown:
        time = seconds_in_parallel(seconds, workers or 1)
        about = "" if time.at_most else "about "
        yield f"Time left: {about}{time_text(time)} in {counted(workers or 1, 'process', 'processes')}."
    if unknown:
        yield prose(
            f"Unknown for {counted(unknown, 'cell')}: {status.out} holds no run of that model and task on this machine."
        )


def describing(out: Path) -> Callable[[Plan, Setting], None]:
    """Return what tells on standard error how far the runs of a plan are, whose records lie in `out`."""

    def describe(plan: Plan, setting: Setting) -> None:
        with reading(out) as begun:
            earlier = Outlines.of(begun.results()).on(device_name(setting.device))
        outcomes = {key: record.outcome for key, record in (plan.cached | plan.failed).items()}
        for line in cell_lines(PlanStatus(plan.runs, outcomes, earlier, out), setting.workers):
            say(line, err=True)

    return describe


def recorded(runs: Sequence[Run], out: Path) -> dict[str, Record]:
    """Return the records of runs that lie under `out`, by key; a corrupt one stays where it is and is told."""
    plan = Plan(list(runs))
    look_up(plan, Store(out), mend=False)
    tell_missing([reason for _, reason in plan.set_aside])
    return plan.cached | plan.failed


def tell_missing(reasons: Sequence[str]) -> None:
    """Tell why records cannot be read."""
    tell(reasons, after=" Its run counts as missing.")


def time_text(time: Seconds) -> str:
    """Return how long runs take, for people: ``12 min``, ``at most 3 h 20 min``."""
    return f"{'at most ' if time.at_most else ''}{duration_text(time.seconds)}"


def duration_text(seconds: float) -> str:
    """Return a duration for people: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _listed(title: str, texts: Sequence[str]) -> list[list[str]]:
    return [[title if index == 0 else "", text] for index, text in enumerate(texts)]


def _claim_rows(claim: Claim) -> list[list[str]]:
    rows = [["metric", claim.metric.value], *_listed("model", claim.models or [claim.model or ""])]
    rows += _listed("against", claim.against or claim.against_protocols or [])
    rows += _listed("on", claim.tasks) + _listed("protocol", claim.protocols or [])
    for name in ("protocol", "score", "size", "sequences", "published", "source"):
        if (value := getattr(claim, name)) is not None:
            rows.append([name, _plain(value)])
    rows += _listed("judged on", [text for text in [sizes_text(claim)] if text])
    return [*rows, ["reproduced", tolerance_text(claim)]]


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
