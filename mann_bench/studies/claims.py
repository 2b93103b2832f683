"""Check the claims of a study against records: reproduced, not reproduced, or undecided and why."""

from collections.abc import Container, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.core.runs import Run
from mann_bench.results.schema import Record
from mann_bench.statistics.interval import LEVEL, level_text
from mann_bench.statistics.looks import Looks
from mann_bench.statistics.mean import METHOD as OVER_SEQUENCES
from mann_bench.statistics.permutation import Comparison
from mann_bench.studies.measurement import ClaimCells, Measurement, UnmeasurableError, judged_cell, measure
from mann_bench.studies.schema import Claim

_MOST_LISTED = 3


class Verdict(StrEnum):
    """What records say about a claim."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"


class ClaimRuns(NamedTuple):
    """The runs that a claim speaks of, each cell in the order of its seeds.

    Attributes:
        claim: the claim.
        model: of its models, by cell.
        against: of what it is compared with, by task and variant.
        looks: at how many seeds of each cell it is judged; None for all of them at once.
    """

    claim: Claim
    model: Sequence[Sequence[Run]]
    against: Sequence[Sequence[Sequence[Run]]]
    looks: Looks | None = None

    @property
    def cells(self) -> list[Sequence[Run]]:
        """All cells."""
        return [*self.model, *(cell for row in self.against for cell in row)]


class ClaimResult(NamedTuple):
    """What became of a claim.

    Attributes:
        claim: the claim.
        measured: the figure and its interval; None where it cannot be measured.
        n: seeds of each cell that it is judged by; while cells are incomplete, those of the cell with the fewest.
        verdict: what it says about the claim.
        reason: why it is undecided; None elsewhere.
        more_may_decide: whether it is undecided, and more seeds could change that.
    """

    claim: Claim
    measured: Measurement | None
    n: int
    verdict: Verdict
    reason: str | None = None
    more_may_decide: bool = False


def check_claims(claims: Iterable[ClaimRuns], records: Mapping[str, Record]) -> list[ClaimResult]:
    """Return what `records`, by run key, say about each claim; records of other runs are never looked at.

    A claim is reproduced where the whole interval counts as reproduced, not reproduced where none of it does,
    and undecided in between, without an interval, or while its cells have not completed a look. That a model is
    faster is decided by a test instead, to either side. A claim is judged by the seeds of the last look that all of
    its cells complete: so it is judged no more often than there are looks.
    """
    return [_checked(each, records) for each in claims]


def recorded(cell: Sequence[Run], records: Container[str]) -> int:
    """Return how many runs of a cell have a record, without a gap from its first seed on."""
    return next((place for place, run in enumerate(cell) if run.key not in records), len(cell))


def _checked(runs: ClaimRuns, records: Mapping[str, Record]) -> ClaimResult:
    looks = runs.looks or Looks((len(runs.cells[0]),))
    n = looks.completed(min(recorded(cell, records) for cell in runs.cells))
    if n is None:
        first = [cell[: looks.first] for cell in runs.cells]
        fewest = min(sum(run.key in records for run in cell) for cell in first)
        several = len({cell[0].protocol_text for cell in first}) > 1
        missing = [_missing(cell, records, several) for cell in first if recorded(cell, records) < looks.first]
        reason = _listed(list(dict.fromkeys(missing)))
        return ClaimResult(runs.claim, None, fewest, Verdict.UNDECIDED, reason, more_may_decide=True)

    def judged_on(cell: Sequence[Run]) -> Cell:
        return judged_cell(runs.claim, cell_of(cell[:n], records))

    try:
        model, against = list(map(judged_on, runs.model)), [list(map(judged_on, row)) for row in runs.against]
        measured = measure(runs.claim, ClaimCells(model, against, looks.level))
    except UnmeasurableError as error:
        return ClaimResult(runs.claim, None, n, Verdict.UNDECIDED, str(error))
    return ClaimResult(runs.claim, measured, n, *judged(runs.claim, measured, n, looks.level))


def _missing(cell: Sequence[Run], records: Container[str], several: bool) -> str:
    """Return how many seeds a cell has; of a claim with several protocols, under which."""
    found, protocol = sum(run.key in records for run in cell), f" under {cell[0].protocol_text}" if several else ""
    return f"{cell[0].model.text} on {cell[0].task.text}{protocol} has {found} of {len(cell)} seeds"


def _listed(cells: Sequence[str]) -> str:
    """Return some of many: the study's status shows them all."""
    if (more := len(cells) - _MOST_LISTED) < 2:  # one more would be no longer than to say so
        return "; ".join(cells)
    return "; ".join([*cells[:_MOST_LISTED], f"{more} more cells lack seeds"])


def cell_of(runs: Sequence[Run], records: Mapping[str, Record]) -> Cell:
    """Return the cell of runs that differ in their seed alone, all of which have a record."""
    first, ordered = runs[0], sorted(runs, key=lambda run: run.seed)
    return Cell(first.task.text, first.model.text, first.protocol_text, [records[run.key] for run in ordered])


class Judgement(NamedTuple):
    """A verdict. Attributes as of `ClaimResult`."""

    verdict: Verdict
    reason: str | None = None
    more_may_decide: bool = False


def judged(claim: Claim, measured: Measurement, n: int, level: float = LEVEL) -> Judgement:
    """Return what a figure of n seeds says about a claim, at a level."""
    if measured.test is not None:
        return _judged_by_test(measured.test, n, 1 - level)
    interval = measured.interval
    if interval is None:
        return _without_interval(n)
    if interval.level < level:
        text = f"{n} seeds give an interval of {level_text(interval.level)}: a verdict needs {level_text(level)}"
        return Judgement(Verdict.UNDECIDED, text, True)
    if claim.tolerates(interval.low, interval.high):
        return Judgement(Verdict.REPRODUCED)
    if claim.excludes(interval.low, interval.high):
        return Judgement(Verdict.NOT_REPRODUCED)
    narrowed = interval.method != OVER_SEQUENCES
    hint = "more seeds would narrow it" if narrowed else "it is of the sequences, and no seeds would narrow it"
    return Judgement(Verdict.UNDECIDED, f"the interval lies partly inside the tolerance: {hint}", narrowed)


def _without_interval(n: int) -> Judgement:
    if n == 1:
        return Judgement(Verdict.UNDECIDED, "one seed has no interval: a study needs two or more", True)
    text = "its interval is unknown: it is of the sequences alone, whose spread these records do not tell"
    return Judgement(Verdict.UNDECIDED, text)


def _judged_by_test(test: Comparison, n: int, significance: float) -> Judgement:
    if test.p_value <= significance:
        return Judgement(Verdict.REPRODUCED if test.lead < 0 else Verdict.NOT_REPRODUCED)
    if test.least_p_value > significance:
        reason = f"{n} seeds give no p-value below {test.least_p_value:.2g}: a verdict needs {significance:.4g}"
    else:
        reason = f"the test does not tell the two apart at {significance:.4g}: more seeds may"
    return Judgement(Verdict.UNDECIDED, reason, True)
