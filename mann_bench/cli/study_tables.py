"""What `study show` and `study status` print: a study in words, how far its cells are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mann_bench.cli.columns import aligned
from mann_bench.core.variants import seeds_text
from mann_bench.execution.estimate import earlier_records, seconds_in_parallel, seconds_of_cells
from mann_bench.execution.plan import Plan, by_cell
from mann_bench.execution.resolve import Device, device_name
from mann_bench.studies.plan import StudyPlan
from mann_bench.studies.schema import Claim
from mann_bench.studies.words import tolerance_text


def study_lines(planned: StudyPlan) -> Iterator[str]:
    """Yield the content of a study, for people."""
    study = planned.study
    yield f"{study.name}, version {study.version}: {study.summary}"
    if study.reference:
        yield study.reference
    yield ""
    yield from aligned(
        [["seeds", study.seeds], ["runs", str(len(planned.plan.runs))], *_listed("protocols", study.protocols)]
    )
    for block in study.cells:
        yield ""
        yield from aligned([*_listed("models", block.models), *_listed("on", block.tasks)])
    for claim in study.claims:
        yield ""
        yield f"{claim.name}: {claim.statement}"
        yield from (f"  {line}" for line in aligned(_claim_rows(claim)))


def cell_lines(plan: Plan, out: Path, device: Device, workers: int | None) -> Iterator[str]:
    """Yield which runs of each cell have a record, how they ended, and how long `workers` need for the rest.

    Where there are no `workers`, as the runs are done elsewhere, it is how long they would take here, one by one.
    """
    missing = by_cell(plan.missing)
    seconds = seconds_of_cells(plan.missing, earlier_records(out, device_name(device)))
    records, several = plan.cached | plan.failed, len({run.protocol_text for run in plan.runs}) > 1
    rows = [["model", "task", *(["protocol"] if several else []), "recorded", "outcomes", "missing seeds", "time left"]]
    for cell, runs in by_cell(plan.runs).items():
        left = missing.get(cell, [])
        outcomes = Counter(str(records[run.key].outcome) for run in runs if run.key in records)
        known = seconds.get(cell)
        rows.append([
            *(cell if several else cell[:2]),
            f"{len(runs) - len(left)}/{len(runs)}",
            ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) or "-",
            seeds_text(run.seed for run in left) or "-",
            ("unknown" if known is None else duration_text(known)) if left else "-",
        ])  # fmt: skip
    yield from aligned(rows)
    unknown = sum(each is None for each in seconds.values())
    yield ""
    yield f"{len(plan.cached)} of {len(plan.runs)} runs have a record."
    if len(seconds) > unknown:
        processes = workers or 1
        time = duration_text(seconds_in_parallel(seconds, processes))
        yield f"Time left: about {time} in {processes} process{'' if processes == 1 else 'es'}."
    if unknown:
        cells = "1 cell" if unknown == 1 else f"{unknown} cells"
        yield f"Unknown for {cells}: {out} holds no run of that model and task on this machine."


def duration_text(seconds: float) -> str:
    """Return a duration for people: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _listed(title: str, texts: Sequence[str]) -> list[list[str]]:
    return [[title if index == 0 else "", text] for index, text in enumerate(texts)]


def _claim_rows(claim: Claim) -> list[list[str]]:
    rows = [["metric", claim.metric.value], ["model", claim.model], *_listed("against", claim.against or [])]
    rows += _listed("on", claim.tasks)
    for name in ("protocol", "score", "size", "sequences", "published", "source"):
        if (value := getattr(claim, name)) is not None:
            rows.append([name, _plain(value)])
    return [*rows, ["reproduced", tolerance_text(claim)]]


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
