"""The columns of the table of a page: how each reads, and what it is sorted by."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mann_bench.analysis.convergence import ConvergenceRow, Training
from mann_bench.analysis.probe import Generalizing
from mann_bench.analysis.ranking import By
from mann_bench.analysis.rows import Share
from mann_bench.core.message_text import counted
from mann_bench.reporting.naming import OWN_TRAINING
from mann_bench.reporting.tables.table import estimate_text, parameters_text, share_text
from mann_bench.site.rows import SheetRow
from mann_bench.site.safe_text import shown_variant
from mann_bench.statistics.interval import Estimate

_ALWAYS = {"model", "solved", "steps"}
"""Columns that a table has though all rows say the same."""


class Value(NamedTuple):
    """A value of the table.

    Attributes:
        text: the figure.
        bounds: its interval, such as ``[1,800, > 31,250]``; None where there is none.
        sort: what it is sorted by; inf is beyond every budget, None comes last in either direction.
        share: of k/n, in [0, 1]; None elsewhere.
        beside: what else there is to say; None where nothing is.
        rank: the places that the row may have by it; None where it gives none.
    """

    text: str
    bounds: str | None = None
    sort: float | str | None = None
    share: float | None = None
    beside: str | None = None
    rank: str | None = None


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
    value: Callable[[SheetRow], Value]
    words: bool = False


def columns(rows: Sequence[SheetRow], named: bool) -> list[Column]:
    """Return the columns that a table of such rows has, in their order; `named` where rows are of several entries."""
    left_out = set() if named else {"name", "badge"}
    if len({row.convergence.protocol for row in rows}) == 1:
        left_out.add("protocol")
    if not any(row.generalizing for row in rows):
        left_out.add("generalizing")
    for name in ("own_training", "own_hooks", "target", "tuned"):
        if not any(getattr(row.convergence, name) for row in rows):
            left_out.add(name)
    return [column for column in _COLUMNS if column.name not in left_out]


def folded(rows: Sequence[SheetRow], columns: Sequence[Column]) -> tuple[list[Column], list[tuple[Column, Value]]]:
    """Return the columns that a table needs, and those that say the same in each of its several rows, with that."""
    if len(rows) < 2:
        return list(columns), []
    values = {column.name: {column.value(row) for row in rows} for column in columns if column.name not in _ALWAYS}
    same = [(column, values[column.name].pop()) for column in columns if len(values.get(column.name, ())) == 1]
    left_out = {column.name for column, _ in same}
    return [column for column in columns if column.name not in left_out], same


def _ranked(by: By, value: Callable[[SheetRow], Value]) -> Callable[[SheetRow], Value]:
    """Return the value of a column together with the rank that it gives."""

    def made(row: SheetRow) -> Value:
        rank = row.rank.get(by)
        return value(row)._replace(rank=rank.words() if rank else None)

    return made


def _words(text: str | None) -> Value:
    words = shown_variant(text or "")
    return Value(words, sort=words)


def _own_training(row: SheetRow) -> Value:
    methods = row.convergence.own_training
    text = f"its own {methods}" if methods else "protocol"
    return Value(text, sort=text)


def _share(share: Share) -> Value:
    return _split(share_text(share), share.value)._replace(share=share.value)


def _estimate(estimate: Estimate, beyond: str, digits: int = 0) -> Value:
    return _split(estimate_text(estimate, beyond, digits), estimate.value)


def _training(training: Training, digits: int = 0) -> Value:
    return _estimate(training.estimate, f"> {training.budget:,.{digits}f}", digits)


def training_text(training: Training) -> str:
    """Return the median of training in steps: ``2,200``, ``> 10,000``."""
    return _training(training).text


def cell_text(row: ConvergenceRow, generalizing: Generalizing | None) -> str:
    """Return a cell in one line: ``4/5 solved, 1/5 generalise, 2,200 steps``."""
    found = generalizing and generalizing.generalizing
    parts = [
        f"{row.solved.count_text} solved",
        *([f"{found.count_text} generalise"] if found else []),
        f"{training_text(row.steps)} steps",
    ]
    return ", ".join(parts)


def _target(row: SheetRow) -> Value:
    if (target := row.convergence.target) is None:
        return Value("-")
    return _training(target.steps)._replace(beside=f"solved {target.solved.count_text}")


def _rate(row: SheetRow) -> Value:
    if (tuned := row.convergence.tuned) is None:
        return Value("not tuned")
    cost = f"{counted(tuned.runs, 'run')} at {tuned.rates} rates, {tuned.sequences:,} sequences"
    return Value(f"{tuned.rate:g}", sort=tuned.rate, beside=f"tuned by {cost}, {tuned.seconds:,.0f} s")


def _generalizing(row: SheetRow) -> Value:
    if row.generalizing is None:
        return Value("-")
    step, budget = row.generalizing.from_step.value, row.convergence.steps.budget
    beside = f"from step {step:,.0f}" if math.isfinite(step) else f"not by step {budget:,.0f}"
    return _share(row.generalizing.generalizing)._replace(beside=beside)


def _count(count: int | None) -> Value:
    return Value("-" if count is None else f"{count:,}", sort=count)


def _parameters(row: SheetRow) -> Value:
    return Value(parameters_text(row.convergence), sort=row.convergence.parameters)


def _split(text: str, sort: float) -> Value:
    figure, bracket, bounds = text.partition(" [")
    return Value(figure, bracket.strip() + bounds or None, sort)


_COLUMNS = (
    Column("model", "Model", None, lambda row: _words(row.convergence.model), words=True),
    Column("task", "Task", None, lambda row: _words(row.convergence.task), words=True),
    Column("name", "Entry", None, lambda row: _words(row.name), words=True),
    Column("protocol", "Protocol", None, lambda row: _words(row.convergence.protocol), words=True),
    Column(
        "tuned", "Rate", "learning rate that mann-bench tune chose by validation alone, on seeds kept for it; beside: "
        "what that cost", _rate,
    ),
    Column(
        "solved", "Solved", "seeds that met the task's rule, of all; [ ]: its exact interval",
        _ranked(By.SOLVED, lambda row: _share(row.convergence.solved)),
    ),
    Column(
        "steps", "Steps", "training steps until then, Kaplan-Meier median; >: not reached within the budget",
        _ranked(By.STEPS, lambda row: _training(row.convergence.steps)),
    ),
    Column(
        "target", "Steps, greatest size", "training steps until the rule is met on the greatest training size alone, "
        "Kaplan-Meier median, and seeds that met it; a run that ended before is censored there", _target,
    ),
    Column(
        "generalizing", "Generalise", "seeds that master the longest size in every probe from some step on; below: the "
        "Kaplan-Meier median of that step; not by: it lies beyond the budget", _ranked(By.GENERALIZING, _generalizing),
    ),
    Column(
        "error", "Error", "score of the task's rule at the longest size of the test, median over seeds; ∞: not tested",
        _ranked(
            By.ERROR, lambda row: _estimate(row.error.estimate, "∞", digits=2) if row.error else Value("-")
        ),
    ),
    Column("diverged", "NaN", "seeds that diverged", lambda row: _count(row.convergence.diverged)),
    Column("parameters", "Parameters", "trainable", _parameters),
    Column("state_bytes", "State bytes", "recurrent state of one sequence", lambda row: _count(row.state_bytes)),
    Column(
        "seconds", "Seconds", "of training until convergence, Kaplan-Meier median, on the machine of the runs; "
        "machines differ, so compare it only between rows of one machine",
        lambda row: _training(row.convergence.seconds, digits=1),
    ),
    Column("own_training", "Trained by", f"the model {OWN_TRAINING}", _own_training, words=True),
    Column(
        "own_hooks", "Hooks", "hooks of Lightning that the model has of its own; code that runs between training steps",
        lambda row: _words(row.convergence.own_hooks or "none"), words=True,
    ),
    Column("badge", "Checked", None, lambda row: _words(row.badge), words=True),
)  # fmt: skip
