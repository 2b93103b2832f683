"""What rows of tables are made of, and how a row reads where it leaves the program: names to numbers and texts."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mann_bench.core.options import OptionValue
from mann_bench.statistics.interval import Estimate, Interval
from mann_bench.statistics.permutation import Comparison
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.statistics.ratio import Ratio

FlatRow = dict[str, OptionValue]
"""One row as files have it: names to numbers and text, None for what was not reached."""

PROVENANCE = {"origin", "backend"}
"""Columns of rows that say who brought what ran, and how it was computed: entries and pages tell it of each run."""

MERGED = {"merged": True}
"""Metadata of a field whose columns have the name of what holds it, without its own."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table. A field that is None by default has no column in the rows that it is None of."""


@dataclass(frozen=True, kw_only=True)
class CellRow(Row):
    """A row of a table over seeds: the cell that it is about, and who brought its model and its task."""

    task: str
    model: str
    protocol: str
    origin: str


class Share(NamedTuple):
    """How many of n seeds, with the exact interval of the share where there is more than one."""

    successes: int
    n: int
    interval: Interval | None

    @classmethod
    def of(cls, successes: int, n: int) -> "Share":
        """Return `successes` of `n` with their interval."""
        return cls(successes, n, clopper_pearson(successes, n) if n > 1 else None)

    @property
    def count_text(self) -> str:
        """The count as people read it: ``4/5``."""
        return f"{self.successes}/{self.n}"

    @property
    def value(self) -> float:
        """The share, from 0 to 1."""
        return self.successes / self.n


def flat(row: Row) -> FlatRow:
    """Return a row as files have it.

    Each field is a column of its name; what holds several values has a column for each, its own name before theirs.
    The columns of a mapping have the names of its keys. What is not finite is None.
    """
    return {name: _plain(value) for name, value in _fields("", row).items()}


def without_provenance(row: Row) -> FlatRow:
    """Return a row as entries and pages have it: without the columns in `PROVENANCE`."""
    return {name: value for name, value in flat(row).items() if name not in PROVENANCE}


def _fields(prefix: str, holder: Any) -> FlatRow:
    told = ((each, getattr(holder, each.name)) for each in dataclasses.fields(holder))
    return _joined(
        _columns(prefix if each.metadata == MERGED else "_".join(filter(None, (prefix, each.name))), value)
        for each, value in told
        if value is not None or each.default is not None
    )


def _columns(name: str, value: Any) -> FlatRow:
    match value:
        case Estimate(median, interval):
            return {f"{name}_median": median, **_bounds(name, interval)}
        case Share(successes, _, interval):
            return {name: successes, **_bounds(name, interval)}
        case Ratio(low, high, interval):
            return {f"{name}_at_least": low, f"{name}_at_most": high, **_bounds(name, interval)}
        case Comparison(_, p_value, least):
            return {"p_value": p_value, "least_p_value": least, name: value.words()}
        case Mapping():
            return _joined(_columns(key, each) for key, each in value.items())
    return _fields(name, value) if dataclasses.is_dataclass(value) else {name: value}


def _bounds(name: str, interval: Interval | None) -> FlatRow:
    values = (interval.low, interval.high, interval.words()) if interval else (None, None, None)
    return {f"{name}_{each}": value for each, value in zip(("low", "high", "interval"), values, strict=True)}


def _joined(parts: Iterable[FlatRow]) -> FlatRow:
    return {name: value for part in parts for name, value in part.items()}


def _plain(value: OptionValue) -> OptionValue:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, str) else value  # also of an enum
