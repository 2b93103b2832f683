"""What a chart of a page is made of. The script of the page draws any such chart, and writes its table of data."""

from typing import NamedTuple

from mann_bench.reporting.naming import SCORE_WORDS

Numbers = tuple[float, ...]


class Axis(NamedTuple):
    """An axis.

    Attributes:
        label: what it counts, with its unit.
        scale: ``linear``, ``log``, or ``point`` for categories.
        floor: of a logarithmic axis, where it ends: what is less is drawn there; None where nothing is.
        least, most: ends of the axis; None where the data decide.
    """

    label: str
    scale: str = "linear"
    floor: float | None = None
    least: float | None = None
    most: float | None = None


def score_axis(metric: str, floor: float | None) -> Axis:
    """Return the axis of a score, logarithmic, down to the least that is told apart."""
    return Axis(SCORE_WORDS.get(metric, metric), "log", floor)


class Series(NamedTuple):
    """A line, or a set of marks.

    Attributes:
        label: its name in the legend.
        style: number of its colour, dashes and marker.
        row: number of the table's row that it belongs to; None where it is always shown.
        x: places, or categories.
        y: values; inf leaves the axis at the top.
        low, high: their intervals; None where there are none.
        hollow: indices of the marks that are drawn hollow.
        marks: indices of the points that have a mark; None where the page chooses.
        bold: whether it stands out.
    """

    label: str
    style: int
    row: int | None
    x: tuple[float, ...] | tuple[str, ...]
    y: Numbers
    low: Numbers | None = None
    high: Numbers | None = None
    hollow: tuple[int, ...] = ()
    marks: tuple[int, ...] | None = None
    bold: bool = False


class Rule(NamedTuple):
    """A level that values are compared with."""

    label: str
    y: float


class Reference(NamedTuple):
    """A dashed line without an interval, such as chance."""

    label: str
    x: tuple[float, ...] | tuple[str, ...]
    y: Numbers


class Chart(NamedTuple):
    """A chart.

    Attributes:
        name: unique on its page.
        kind: ``lines``, ``steps`` (each value holds until the next), ``marks`` (not connected), or marks with the line
            of those that no other beats in both: ``front`` where low is better, ``crest`` where high is.
        title, note: what it shows, and how.
        x, y: its axes.
        series: in the order of the table.
        interval: what `low` and `high` are.
        rules, references: what values are compared with.
        shaded: places or categories that were trained on.
        small: whether it is one of many beside each other.
    """

    name: str
    kind: str
    title: str
    note: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    interval: str = ""
    rules: tuple[Rule, ...] = ()
    references: tuple[Reference, ...] = ()
    shaded: tuple[float, ...] | tuple[str, ...] = ()
    small: bool = False


class Section(NamedTuple):
    """The charts of a task, or of a cell, with one legend."""

    name: str
    title: str
    task: str
    legend: str
    """What the legend's entries are."""
    charts: tuple[Chart, ...]
