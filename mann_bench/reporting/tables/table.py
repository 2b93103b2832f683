"""What tables of text are made of: how estimates over seeds read."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.convergence import ConvergenceRow
from mann_bench.analysis.rows import Share
from mann_bench.statistics.interval import LEVEL, Estimate, Interval, level_text
from mann_bench.statistics.medians import METHOD
from mann_bench.statistics.proportion import METHOD as SHARE_METHOD

INTERVALS = f"[ ]: {METHOD}, {level_text(LEVEL)} or more; where that needs more seeds, the level that it has"
SHARES = f"[ %]: {SHARE_METHOD} interval of k/n, {level_text(LEVEL)} or more"

_TEXTS = {"task", "model", "protocol", "by seed", "run key", "outcome"}
_LARGE = 100
"""From here on numbers have no decimals."""

ONE_SEED = "one seed has no interval"


def one_seed_notes(cells: Iterable[Cell]) -> list[str]:
    """Say that one seed has no interval, where a cell has but one."""
    return [ONE_SEED] if any(len(cell.records) == 1 for cell in cells) else []


class Table(NamedTuple):
    """A table as people read it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]


def reads_as_text(column: str) -> bool:
    """Tell whether a column of a table, given by its title, holds words; the others hold numbers."""
    return column in _TEXTS or column.endswith(":")


def estimate_text(estimate: Estimate, beyond: str, digits: int = 0) -> str:
    """Return ``2,200 [1,800, > 31,250]``, of three seeds ``2,200 [1,800, 2,600; 75 %]``; `beyond` is not finite."""

    def number(value: float) -> str:
        return f"{value:,.{0 if value >= _LARGE else digits}f}" if math.isfinite(value) else beyond

    median, interval = number(estimate.value), estimate.interval
    if interval is None:
        return median
    low, high = number(interval.low), number(interval.high)
    return median if low == median == high else f"{median} [{low}, {high}{lesser_level_text(interval)}]"


def lesser_level_text(interval: Interval) -> str:
    """Return the level of an interval where it is less than what tables promise: ``; 94 %``."""
    return "" if interval.level >= LEVEL else f"; {level_text(interval.level, decimals=0)}"


def parameters_text(row: ConvergenceRow) -> str:
    """Return how many parameters are trained: ``17,162``, or ``17,162 of 19,722`` where others stay as they are."""
    trained, every = row.parameters, row.all_parameters
    if trained is None:
        return "-"
    return f"{trained:,}" if every in (None, trained) else f"{trained:,} of {every:,}"


def share_text(share: Share) -> str:
    """Return ``4/5 [28, 99 %]``."""
    if share.interval is None:
        return share.count_text
    return f"{share.count_text} [{100 * share.interval.low:.0f}, {100 * share.interval.high:.0f} %]"
