"""The charts of error and generalisation against what rows cost."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mann_bench.analysis.curves.cost import CostFigure, CostPoint
from mann_bench.site.chart import Axis, Chart, Series, score_axis
from mann_bench.statistics.interval import Estimate

_JOINED = "The line joins what no other row of the task beats in both."
_HOLLOW = "Hollow, against time: not converged within the budget; it stands at the longest run."


class _Worth(NamedTuple):
    """What rows are worth: the kind of its chart, its words, its axis, and the value of a row with its interval."""

    kind: str
    title: str
    note: str
    axis: Axis
    interval: str
    of: Callable[[CostPoint], Estimate | None]


class _Price(NamedTuple):
    """What rows cost: the end of a chart's name, its words, its axis, and the cost of a row."""

    name: str
    title: str
    label: str
    of: Callable[[CostPoint], float | None]


_PRICES = (
    _Price("parameters", "parameters", "parameters", lambda point: point.cost.parameters),
    _Price("state", "state", "bytes of recurrent state of one sequence", lambda point: point.cost.state),
    _Price("seconds", "time", "seconds of training until convergence", lambda point: point.cost.seconds),
)


def cost_charts(data: CostFigure, rows: Sequence[int], name: str, small: bool = False) -> Iterator[Chart]:
    """Yield the charts of a task; `rows` are the numbers of the table's rows, and names of charts begin with `name`."""
    for worth in _worths(data):
        for price in _PRICES:
            timed = price.name == "seconds"
            series = tuple(
                each
                for point, row in zip(data.points, rows, strict=True)
                for each in _series(point, row, worth, price.of(point), timed and not point.cost.reached)
            )
            if series:
                yield Chart(
                    f"{name}-{worth.kind}-{price.name}", worth.kind, f"{worth.title} against {price.title}",
                    f"{worth.note} {_JOINED} {_HOLLOW}", Axis(price.label, "log"), worth.axis, series,
                    worth.interval, small=small,
                )  # fmt: skip


def _worths(data: CostFigure) -> Iterator[_Worth]:
    axis = score_axis(data.subject.metric, data.floor)
    yield _Worth(
        "front", "Error", "Left and low is better.", axis._replace(label=f"{axis.label}, size {data.size}"),
        "interval of the median", lambda point: point.error,
    )  # fmt: skip
    if data.generalizes:
        yield _Worth(
            "crest", "Generalising", "Left and high is better.",
            Axis("share of seeds that generalise", least=0, most=1), "Clopper-Pearson interval",
            lambda point: point.generalizing,
        )  # fmt: skip


def _series(point: CostPoint, row: int, worth: _Worth, x: float | None, hollow: bool) -> Iterator[Series]:
    """Yield the mark of a row, where it is known what it costs and is worth."""
    if x and (found := worth.of(point)):
        value, interval = found
        yield Series(
            point.label, point.style, row, (float(x),), (value,),
            low=(interval.low,) if interval else None,
            high=(interval.high,) if interval else None,
            hollow=(0,) if hollow else (),
        )  # fmt: skip
