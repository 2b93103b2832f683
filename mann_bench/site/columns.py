"""The columns of the table of a page: how each reads, and what it is sorted by."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mann_bench.analysis.rows import Row
from mann_bench.reporting.tables.table import estimate_text, parameters_text, share_text
from mann_bench.reporting.words import OWN_TRAINING
from mann_bench.site.text import shown

LONGEST_VARIANT = 160


class Value(NamedTuple):
    """A value of the table.

    Attributes:
        text: the figure.
        bounds: its interval, such as ``[1,800, > 31,250]``; None where there is none.
        sort: what it is sorted by; inf is beyond every budget, None comes last in either direction.
        share: of k/n, in [0, 1]; None elsewhere.
    """

    text: str
    bounds: str | None = None
    sort: float | str | None = None
    share: float | None = None


class Column(NamedTuple):
    """A column.

    Attributes:
        name: by which addresses name it.
        title: its heading.
        note: what it holds.
        value: of a row.
        words: whether it holds words; the others hold numbers.
    """

    name: str
    title: str
    note: str | None
    value: Callable[[Row], Value]
    words: bool = False


def columns(rows: Sequence[Row], named: bool) -> list[Column]:
    """Return the columns that a table of such rows has, in their order; `named` where rows are of several entries."""
    left_out = set() if named else {"name", "badge"}
    if len({row["protocol"] for row in rows}) == 1:
        left_out.add("protocol")
    if not any("own_training" in row for row in rows):
        left_out.add("own_training")
    return [column for column in _COLUMNS if column.name not in left_out]


def _rank(row: Row) -> Value:
    return Value(f"{row['rank']}{'=' if row['tied'] else ''}", sort=row["rank"])


def _words(name: str) -> Callable[[Row], Value]:
    def value(row: Row) -> Value:
        text = shown(row[name], LONGEST_VARIANT)
        return Value(text, sort=text)

    return value


def _own_training(row: Row) -> Value:
    text = f"its own {row['own_training']}" if "own_training" in row else "protocol"
    return Value(text, sort=text)


def _share(name: str) -> Callable[[Row], Value]:
    def value(row: Row) -> Value:
        if name not in row:
            return Value("-")
        share = row[name] / row["seeds"]
        return _split(share_text(row, name, row["seeds"]), share)._replace(share=share)

    return value


def _estimate(name: str, beyond: Callable[[Row], str], digits: int = 0) -> Callable[[Row], Value]:
    def value(row: Row) -> Value:
        if f"{name}_median" not in row:
            return Value("-")
        median = row[f"{name}_median"]
        return _split(estimate_text(row, name, beyond(row), digits), math.inf if median is None else median)

    return value


def _count(name: str) -> Callable[[Row], Value]:
    return lambda row: Value("-" if row[name] is None else f"{row[name]:,}", sort=row[name])


def _parameters(row: Row) -> Value:
    return Value(parameters_text(row), sort=row["parameters"])


def _split(text: str, sort: float) -> Value:
    figure, bracket, bounds = text.partition(" [")
    return Value(figure, bracket.strip() + bounds or None, sort)


_COLUMNS = (
    Column(
        "rank", "Rank", "within its task; by the mean of steps until convergence, restricted to the budget. Rows share "
        "a rank (=) where a paired permutation test over seeds does not tell them apart (p ≥ 0.05)", _rank,
    ),
    Column("name", "Entry", None, _words("name"), words=True),
    Column("model", "Model", None, _words("model"), words=True),
    Column("task", "Task", None, _words("task"), words=True),
    Column("protocol", "Protocol", None, _words("protocol"), words=True),
    Column("solved", "Solved", "seeds that met the task's rule, of all; [ ]: Wilson's interval", _share("solved")),
    Column(
        "steps", "Steps", "training steps until then, Kaplan-Meier median; >: not reached within the budget",
        _estimate("steps", lambda row: f"> {row['steps_budget']:,.0f}"),
    ),
    Column(
        "generalizing", "Generalise", "seeds that master the longest size in every probe from some step on",
        _share("generalizing"),
    ),
    Column(
        "error", "Error", "score of the task's rule at the longest size of the test, median over seeds; "
        "∞: not tested", _estimate("error", lambda row: "∞", digits=2),
    ),
    Column("diverged", "NaN", "seeds that diverged", _count("diverged")),
    Column("parameters", "Parameters", "trainable", _parameters),
    Column("state_bytes", "State bytes", "recurrent state of one sequence", _count("state_bytes")),
    Column(
        "seconds", "Seconds", "of training until convergence, Kaplan-Meier median, on the machine of the runs",
        _estimate("seconds", lambda row: f"> {row['seconds_budget']:,.1f}", digits=1),
    ),
    Column("own_training", "Trained by", f"the model {OWN_TRAINING}", _own_training, words=True),
    Column("badge", "Checked", None, _words("badge"), words=True),
)  # fmt: skip
