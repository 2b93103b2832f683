"""Studies that grow: what records decide, and which seeds the rest still needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mann_bench.core.errors import UsageError
from mann_bench.core.runs import CellName
from mann_bench.results.schema import Record
from mann_bench.statistics.looks import Looks
from mann_bench.studies.claims import ClaimResult, Verdict, check_claims, recorded
from mann_bench.studies.pairs import PairResult, check_pairs
from mann_bench.studies.plan import StudyPlan


@dataclass(frozen=True)
class Standing:
    """What records say of a study.

    Attributes:
        planned: the study.
        claims: what became of each claim.
        pairs: which models are told apart.
        seeds: how many each cell has, without a gap from 0 on.
    """

    planned: StudyPlan
    claims: Sequence[ClaimResult]
    pairs: Sequence[PairResult]
    seeds: Mapping[CellName, int]

    @classmethod
    def of(cls, planned: StudyPlan, records: Mapping[str, Record]) -> "Standing":
        """Judge a study by `records`, by run key."""
        return cls(
            planned,
            check_claims(planned.claims, records),
            check_pairs(planned.cells, planned.looks, records),
            {name: recorded(cell, records) for name, cell in planned.cells.items()},
        )

    @property
    def open_claims(self) -> list[ClaimResult]:
        """The claims that are undecided."""
        return [result for result in self.claims if result.verdict is Verdict.UNDECIDED]

    @property
    def open_pairs(self) -> list[PairResult]:
        """The pairs that are not told apart."""
        return [result for result in self.pairs if not result.decided]

    def look(self, names: Sequence[CellName]) -> int | None:
        """Return the seeds of the last look that all of these cells complete; None where there is none."""
        return self.planned.looks.completed(min(self.seeds[name] for name in names))

    def next_look(self, most: int) -> dict[CellName, int]:
        """Return how many seeds the cells that lack some get next, those of the next look, at most `most`.

        Every cell gets the first look. Beyond it, cells grow that are of an undecided claim or pair: all of its cells
        to the look after the last that they have in common.
        """
        wanted = dict.fromkeys(self.planned.cells, self.planned.looks.first)
        for names in self._undecided():
            target = self.planned.looks.after(self.look(names))
            if target is not None and target <= most:
                wanted |= {name: max(target, wanted[name]) for name in names}
        return {name: size for name, size in wanted.items() if self.seeds[name] < size}

    def _undecided(self) -> Iterator[Sequence[CellName]]:
        """Yield the cells of each claim and pair that more seeds may decide."""
        for runs, result in zip(self.planned.claims, self.claims, strict=True):
            if result.more_may_decide:
                yield [self.planned.names[cell[0].key] for cell in runs.cells]
        for each in self.open_pairs:
            yield each.pair


def most_seeds(looks: Looks, limit: int | None) -> int:
    """Return the seeds of the last look within a limit.

    Raises:
        UsageError: there are no looks to grow to, or the limit lies below the first.
    """
    if len(looks.sizes) == 1:
        raise UsageError(
            f"the study has one look, at {looks.first} seeds, and cannot grow. Add looks to its file, such as "
            f"looks = [{looks.first}, {2 * looks.first}, {4 * looks.first}]; see docs/studies.md."
        )
    if limit is None:
        return looks.last
    if (most := looks.completed(limit)) is None:
        raise UsageError(f"--max-seeds {limit}: the first look has {looks.first} seeds. Give at least as many.")
    return most
