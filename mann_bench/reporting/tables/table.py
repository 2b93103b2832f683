"""What tables are made of: how estimates over seeds read, as data and as text."""

import math
from typing import Any, NamedTuple

from mann_bench.statistics.bootstrap import LEVEL, METHOD, RESAMPLES, SEED
from mann_bench.statistics.interval import Estimate, Interval
from mann_bench.statistics.proportion import wilson

Row = dict[str, Any]
"""One row as data: names to numbers and text, None for what was not reached."""

INTERVALS = f"[ ]: {100 * LEVEL:g} % {METHOD}, {RESAMPLES:,} resamples, seed {SEED}"
SHARES = "[ %]: Wilson's interval of k/n"

PROVENANCE = {"origin", "backend"}
"""Columns of rows that say who brought what ran, and how it was computed: entries and pages tell it of each run."""

_TEXTS = {"task", "model", "protocol", "by seed", "run key", "outcome"}
_LARGE = 100
"""From here on numbers have no decimals."""

ONE_SEED = "one seed has no interval"


class Table(NamedTuple):
    """A table as people read it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]


def reads_as_text(column: str) -> bool:
    """Tell whether a column of a table, given by its title, holds words; the others hold numbers."""
    return column in _TEXTS or column.endswith(":")


def estimate_row(name: str, estimate: Estimate) -> Row:
    """Return an estimate as data: its value, its bounds and how they were made."""
    return {f"{name}_median": finite(estimate.value), **_bounds(name, estimate.interval)}


def share_row(name: str, count: int, n: int) -> Row:
    """Return k of n seeds as data, with Wilson's interval where there is more than one."""
    return {name: count, **_bounds(name, wilson(count, n) if n > 1 else None)}


def finite(value: float) -> float | None:
    """Return a number, or None for one beyond every budget."""
    return value if math.isfinite(value) else None


def _bounds(name: str, interval: Interval | None) -> Row:
    return {
        f"{name}_low": finite(interval.low) if interval else None,
        f"{name}_high": finite(interval.high) if interval else None,
        f"{name}_interval": interval.words() if interval else None,
    }


def estimate_text(row: Row, name: str, beyond: str, digits: int = 0) -> str:
    """Return ``2,200 [1,800, > 31,250]`` from an estimate as data; `beyond` is what has no number."""

    def number(value: float | None) -> str:
        return beyond if value is None else f"{value:,.{0 if value >= _LARGE else digits}f}"

    median = number(row[f"{name}_median"])
    if row[f"{name}_interval"] is None:
        return median
    low, high = number(row[f"{name}_low"]), number(row[f"{name}_high"])
    return median if low == median == high else f"{median} [{low}, {high}]"


def parameters_text(row: Row) -> str:
    """Return how many parameters are trained: ``17,162``, or ``17,162 of 19,722`` where others stay as they are."""
    trained, every = row["parameters"], row.get("all_parameters")
    if trained is None:
        return "-"
    return f"{trained:,}" if every in (None, trained) else f"{trained:,} of {every:,}"


def share_text(row: Row, name: str, n: int) -> str:
    """Return ``4/5 [38, 96 %]`` from k of n as data."""
    text = f"{row[name]}/{n}"
    if row[f"{name}_interval"] is None:
        return text
    return f"{text} [{100 * row[f'{name}_low']:.0f}, {100 * row[f'{name}_high']:.0f} %]"
