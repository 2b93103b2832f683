"""Draw error and generalisation against cost."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from mann_bench.analysis.curves.cost import CostFigure, CostPoint
from mann_bench.reporting.figures.axes import drawn, plain, score_axis, score_words
from mann_bench.reporting.figures.style import (
    GREY,
    HOLLOW,
    LARGE,
    POINTS,
    USUAL,
    LegendRow,
    LineStyle,
    legend,
    new_figure,
)
from mann_bench.reporting.figures.wrapping import seeds, wrapped
from mann_bench.statistics.interval import Estimate

_HEIGHT = 2.5
"""Height of a row of panels, in inches."""

_MARGIN = 1.6
"""By which factor an axis of costs goes beyond the least and the greatest."""

_MOST_TICKS = 4

_FRONT: dict[str, Any] = {"color": GREY, "linewidth": 1.0, "drawstyle": "steps-post", "zorder": 1}

_NOTE = (
    "Error: median over seeds, at the longest size of the test. The grey line joins what no other model beats in both: "
    "error is better at the left and low, generalising at the left and high. Bar: interval. Hollow, against seconds: "
    "not converged within the budget; it stands at the longest run."
)

Worth = Callable[[CostPoint], Estimate | None]


class _Price(NamedTuple):
    label: str
    of: Callable[[CostPoint], float | None]


_PRICES = (
    _Price("parameters", lambda point: point.cost.parameters),
    _Price("bytes of state of one sequence", lambda point: point.cost.state),
    _Price("seconds until convergence", lambda point: point.cost.seconds),
)


def draw(data: CostFigure) -> Figure:
    """Return a panel each of error against parameters, bytes of state and seconds, and of generalising below."""
    rows = 2 if data.generalizes else 1
    figure = new_figure(_HEIGHT * rows + 0.4)
    grid = figure.subplots(rows, len(_PRICES), sharex="col", sharey="row", squeeze=False)
    for price, axes in zip(_PRICES, grid[0], strict=True):
        _draw_panel(axes, data, price, lambda point: point.error, data.floor)
    score_axis(grid[0][0], data.floor, _errors(data))
    grid[0][0].set_ylabel(
        wrapped(f"{score_words(data.subject)}, size {data.size}", USUAL, 60 * _HEIGHT), fontsize=USUAL
    )
    if data.generalizes:
        for price, axes in zip(_PRICES, grid[1], strict=True):
            _draw_panel(axes, data, price, lambda point: point.generalizing, None)
        grid[1][0].set_ylim(-0.05, 1.05)
        grid[1][0].set_ylabel(wrapped("share of seeds that generalise", USUAL, 60 * _HEIGHT), fontsize=USUAL)
    for price, axes in zip(_PRICES, grid[-1], strict=True):
        _cost_axis(axes, [cost for point in data.points if (cost := price.of(point))])
        axes.set_xlabel(price.label, fontsize=USUAL)
    heading = f"Error and generalisation against cost: {data.subject.task}"
    figure.suptitle(wrapped(heading, LARGE, 0.97 * POINTS), x=0.01, ha="left", fontsize=LARGE)
    legend(figure, data.subject, [_legend_row(point) for point in data.points], _NOTE)
    return figure


def _draw_panel(axes: Axes, data: CostFigure, price: _Price, worth: Worth, floor: float | None) -> None:
    """Draw the marks of a panel; `floor` is where an axis of errors ends, None where high is better."""
    marks = []
    for point in data.points:
        cost, found = price.of(point), worth(point)
        if cost and found:
            value, interval = found
            at, *ends = _bounded([value, *((interval.low, interval.high) if interval else ())], floor)
            style, hollow = LineStyle.of(point.style), price is _PRICES[-1] and not point.cost.reached
            if ends:
                axes.vlines([cost], ends[:1], ends[1:], color=style.color, linewidth=1.2)
            axes.plot([cost], [at], **style.options(linestyle="none", **(HOLLOW if hollow else {})))
            marks.append((float(cost), at))
    front = _unbeaten(marks, high=floor is None)
    axes.plot([cost for cost, _ in front], [value for _, value in front], **_FRONT)
    plain(axes)


def _bounded(values: Sequence[float], floor: float | None) -> list[float]:
    return list(values) if floor is None else drawn(values, floor)


def _unbeaten(marks: Sequence[tuple[float, float]], high: bool) -> list[tuple[float, float]]:
    """Return the marks of which no other is both cheaper and better, the cheapest first."""
    found: list[tuple[float, float]] = []
    for cost, value in sorted(marks, key=lambda mark: (mark[0], -mark[1] if high else mark[1])):
        if not found or (value > found[-1][1] if high else value < found[-1][1]):
            found.append((cost, value))
    return found


def _cost_axis(axes: Axes, costs: Sequence[float]) -> None:
    """Make the x axis logarithmic over all costs, with a few round ticks."""
    least, most = (min(costs) / _MARGIN, max(costs) * _MARGIN) if costs else (1.0, 10.0)
    axes.set_xscale("log")
    axes.set_xlim(least, most)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(least, most)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _short(x)))


def _short(number: float) -> str:
    """Return a round number with few letters: ``200``, ``50k``, ``1M``."""
    if number < 1e4:
        return f"{number:,g}"
    return f"{number / 1e3:g}k" if number < 1e6 else f"{number / 1e6:,g}M"


def _ticks(least: float, most: float) -> list[float]:
    """Return the round numbers from `least` to `most`, a few at most."""
    numbers = [[factor * 10.0**power for power in range(-3, 13) for factor in factors]
               for factors in (range(1, 10), (1, 2, 5), (1, 3), (1,))]  # fmt: skip
    inside = [[tick for tick in ticks if least <= tick <= most] for ticks in numbers]
    fitting = next((ticks for ticks in inside if len(ticks) <= _MOST_TICKS), inside[-1])
    return fitting[:: -(-len(fitting) // _MOST_TICKS) or 1]


def _errors(data: CostFigure) -> list[float]:
    found = [point.error for point in data.points if point.error]
    bounds = [bound for each in found if each.interval for bound in (each.interval.low, each.interval.high)]
    return [*(each.value for each in found), *bounds]


def _legend_row(point: CostPoint) -> LegendRow:
    style = LineStyle.of(point.style)
    return LegendRow(Line2D([], [], **style.options(linestyle="none")), f"{point.label} ({seeds(point.seeds)})")
