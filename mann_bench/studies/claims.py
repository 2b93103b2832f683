"""Check the claims of a study against records: reproduced, not reproduced, or undecided and why."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.core.runs import Run
from mann_bench.results.schema import Record
from mann_bench.statistics.interval import LEVEL
from mann_bench.studies.measurement import ClaimCells, Measurement, UnmeasurableError, measure
from mann_bench.studies.schema import Claim


class Verdict(StrEnum):
    """What records say about a claim."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"


class ClaimRuns(NamedTuple):
    """The runs that a claim speaks of: of its model, by task, and of what it is compared with, by task and variant."""

    claim: Claim
    model: Sequence[Sequence[Run]]
    against: Sequence[Sequence[Sequence[Run]]]


class ClaimResult(NamedTuple):
    """What became of a claim.

    Attributes:
        claim: the claim.
        measured: the figure and its interval; None where it cannot be measured.
        n: seeds of each cell that have a record; of the cell with the fewest.
        verdict: what it says about the claim.
        reason: why it is undecided; None elsewhere.
    """

    claim: Claim
    measured: Measurement | None
    n: int
    verdict: Verdict
    reason: str | None = None


def check_claims(claims: Iterable[ClaimRuns], records: Mapping[str, Record]) -> list[ClaimResult]:
    """Return what `records`, by run key, say about each claim; records of other runs are never looked at.

    A claim is reproduced where the whole interval counts as reproduced, not reproduced where none of it does,
    and undecided in between, without an interval, or while a run of its cells has no record.
    """
    return [_checked(each, records) for each in claims]


def _checked(runs: ClaimRuns, records: Mapping[str, Record]) -> ClaimResult:
    cells = [*runs.model, *(cell for row in runs.against for cell in row)]
    n = min(sum(run.key in records for run in cell) for cell in cells)
    if missing := [_missing(cell, records) for cell in cells if any(run.key not in records for run in cell)]:
        reason = "; ".join(dict.fromkeys(missing))
        return ClaimResult(runs.claim, None, n, Verdict.UNDECIDED, reason)
    complete = ClaimCells(
        [_cell(cell, records) for cell in runs.model], [[_cell(cell, records) for cell in row] for row in runs.against]
    )
    try:
        measured = measure(runs.claim, complete)
    except UnmeasurableError as error:
        return ClaimResult(runs.claim, None, n, Verdict.UNDECIDED, str(error))
    return ClaimResult(runs.claim, measured, n, *_judged(runs.claim, measured, n))


def _missing(cell: Sequence[Run], records: Mapping[str, Record]) -> str:
    found = sum(run.key in records for run in cell)
    return f"{cell[0].model.text} on {cell[0].task.text} has {found} of {len(cell)} seeds"


def _cell(runs: Sequence[Run], records: Mapping[str, Record]) -> Cell:
    first, ordered = runs[0], sorted(runs, key=lambda run: run.seed)
    return Cell(first.task.text, first.model.text, first.protocol_text, [records[run.key] for run in ordered])


class _Judgement(NamedTuple):
    verdict: Verdict
    reason: str | None = None


def _judged(claim: Claim, measured: Measurement, n: int) -> _Judgement:
    interval = measured.interval
    if interval is None and n > 1:
        text = "its interval is unknown: it is of the sequences alone, whose spread these records do not tell"
        return _Judgement(Verdict.UNDECIDED, text)
    if interval is None:
        return _Judgement(Verdict.UNDECIDED, "one seed has no interval: a study needs two or more")
    if interval.level < LEVEL:
        text = f"{n} seeds give an interval of {100 * interval.level:.3g} %: a verdict needs {100 * LEVEL:g} %"
        return _Judgement(Verdict.UNDECIDED, text)
    if claim.tolerates(interval.low, interval.high):
        return _Judgement(Verdict.REPRODUCED)
    if claim.excludes(interval.low, interval.high):
        return _Judgement(Verdict.NOT_REPRODUCED)
    return _Judgement(Verdict.UNDECIDED, "the interval lies partly inside the tolerance: more seeds would narrow it")
