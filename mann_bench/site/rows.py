"""The rows of the table of a page."""

from dataclasses import dataclass, field

from mann_bench.analysis.convergence import ConvergenceRow
from mann_bench.analysis.probe import Generalizing
from mann_bench.analysis.ranking import Ranks
from mann_bench.analysis.rows import MERGED, Row
from mann_bench.leaderboard.schema import Badge
from mann_bench.statistics.interval import Estimate


@dataclass(frozen=True, kw_only=True)
class LongestError:
    """The score of the task's rule at the last size of the length grid."""

    size: str
    estimate: Estimate = field(metadata=MERGED)


@dataclass(frozen=True, kw_only=True)
class SheetRow(Row):
    """What the tables say of a cell, as one row.

    Attributes:
        rank: the places that it may have within its task, by each of the rankings.
        entry, name, badge: those of its entry; None on a page of one's own runs.
        state_bytes: recurrent state of one sequence; None where no run knows.
        generalizing: None where generalisation was not measured over training.
        error: None where no run was tested.
    """

    rank: Ranks
    entry: str | None = None
    name: str | None = None
    badge: Badge | None = None
    convergence: ConvergenceRow = field(metadata=MERGED)
    state_bytes: int | None
    generalizing: Generalizing | None = field(default=None, metadata=MERGED)
    error: LongestError | None = None
