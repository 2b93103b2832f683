"""What tables of text are made of: how estimates over seeds read."""

from typing import NamedTuple

from mann_bench.analysis.rows import Row
from mann_bench.statistics.bootstrap import LEVEL, METHOD, RESAMPLES, SEED

INTERVALS = f"[ ]: {100 * LEVEL:g} % {METHOD}, {RESAMPLES:,} resamples, seed {SEED}"
SHARES = "[ %]: Wilson's interval of k/n"

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
