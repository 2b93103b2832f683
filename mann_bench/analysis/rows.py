"""What rows of data are made of: estimates over seeds and shares of them, as numbers with names."""

import math
from typing import Any

from mann_bench.statistics.interval import Estimate, Interval
from mann_bench.statistics.proportion import wilson

Row = dict[str, Any]
"""One row as data: names to numbers and text, None for what was not reached."""

PROVENANCE = {"origin", "backend"}
"""Columns of rows that say who brought what ran, and how it was computed: entries and pages tell it of each run."""


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
