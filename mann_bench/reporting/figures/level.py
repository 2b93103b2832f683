"""Draw the levels reached over training."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from mann_bench.analysis.curves.level import LevelFigure, stairs
from mann_bench.reporting.figures.axes import drawn, plain, step_axis
from mann_bench.reporting.figures.style import THRESHOLD, USUAL, LegendRow, LineStyle, band, legend, new_figure, title
from mann_bench.reporting.figures.wrapping import seeds

_NOTE = (
    "Line: median over seeds; shaded: quartiles. A run keeps the level that it reached until the longest run of its "
    "model ends; one that failed before its first evaluation has level 0."
)
_MOST_TICKS = 9


def draw(data: LevelFigure) -> Figure:
    """Return a line a model: the median level over seeds, with its quartiles as a band."""
    figure = new_figure(3.4)
    axes = figure.subplots()
    floor, rows = _floor(data), []
    for line in data.lines:
        style = LineStyle.of(line.style)
        corners = stairs(line)
        low, median, high = (drawn(levels, floor) for levels in (corners.low, corners.median, corners.high))
        band(axes, corners.steps, low, high, style)
        axes.plot(corners.steps, median, **style.options(markevery=2))
        rows.append(LegendRow(Line2D([], [], **style.options()), f"{line.label} ({seeds(line.seeds)})"))
    axes.axhline(data.greatest, **THRESHOLD)
    rows.append(LegendRow(Line2D([], [], **THRESHOLD), f"greatest training size: {data.greatest:,}"))
    step_axis(axes, max(line.steps[-1] for line in data.lines))
    _level_axis(axes, data)
    axes.set_xlabel("training steps", fontsize=USUAL)
    axes.set_ylabel(f"level reached, {' x '.join(data.dimensions)}", fontsize=USUAL)
    title(axes, f"Level over training: {data.subject.task}")
    legend(figure, data.subject, rows, _NOTE)
    return figure


def _floor(data: LevelFigure) -> float:
    """Return where the axis of levels ends."""
    return data.least / 1.5 if data.scale == "log" else 0.0


def _level_axis(axes: Axes, data: LevelFigure) -> None:
    """Make the y axis one of levels: where it is logarithmic, each tick is a power of two times the one before."""
    if data.scale == "log":
        doublings = int(math.log2(data.greatest / data.least))
        every = doublings // _MOST_TICKS + 1
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(FixedLocator([data.least * 2**power for power in range(0, doublings + 1, every)]))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(_MOST_TICKS, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda level, _: f"{level:,.0f}"))
    low, high = (_floor(data) / 1.1, data.greatest * 1.2) if data.scale == "log" else (-0.03 * data.greatest, None)
    axes.set_ylim(low, high)
    plain(axes)
