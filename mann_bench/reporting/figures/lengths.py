"""Draw error against length."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mann_bench.analysis.curves.lengths import LengthFigure, LengthLine
from mann_bench.reporting.figures.axes import drawn, score_axis, score_words
from mann_bench.reporting.figures.sizes import categories, numbers
from mann_bench.reporting.figures.style import (
    CHANCE,
    GREY,
    HOLLOW,
    SHADE,
    USUAL,
    LegendRow,
    LineStyle,
    band,
    legend,
    new_figure,
    title,
)
from mann_bench.reporting.figures.wrapping import seeds

_SPREAD = 0.6
"""Share of a category over which its models are spread."""


def draw(data: LengthFigure) -> Figure:
    """Return a line a model over sizes of one dimension; sizes of several are categories, with a mark a model."""
    figure = new_figure(3.8)
    axes = figure.subplots()
    connected = len(data.dimensions) == 1
    places = (numbers if connected else categories)(axes, data)
    for number, line in enumerate(data.lines):
        shift = 0.0 if connected else _SPREAD * ((number + 0.5) / len(data.lines) - 0.5)
        _draw_line(axes, line, [places[point.size] + shift for point in line.points], data.floor, connected)
    score_axis(axes, data.floor, _scores(data))
    axes.set_xlabel(" x ".join(data.dimensions), fontsize=USUAL)
    axes.set_ylabel(score_words(data.subject), fontsize=USUAL)
    title(axes, f"Error against length: {data.subject.task}")
    legend(figure, data.subject, _legend_rows(data, connected), _note(data, connected))
    return figure


def _draw_line(axes: Axes, line: LengthLine, places: Sequence[float], floor: float, connected: bool) -> None:
    style = LineStyle.of(line.style)
    medians = drawn((point.estimate.value for point in line.points), floor)
    intervals = [point.estimate.interval for point in line.points if point.estimate.interval]
    if intervals:
        low = drawn((interval.low for interval in intervals), floor)
        high = drawn((interval.high for interval in intervals), floor)
        if connected:
            band(axes, places, low, high, style)
        else:
            axes.vlines(places, low, high, color=style.color, linewidth=1.6)
    if connected:
        axes.plot(places, medians, **style.options(marker="none"))
    for beyond, filling in ((False, {}), (True, HOLLOW)):
        shown = [index for index, point in enumerate(line.points) if point.beyond_capacity is beyond]
        where = [places[index] for index in shown], [medians[index] for index in shown]
        axes.plot(*where, **style.options(linestyle="none", **filling))


def _legend_rows(data: LengthFigure, connected: bool) -> list[LegendRow]:
    rows = []
    for line in data.lines:
        style = LineStyle.of(line.style)
        options = style.options() if connected else style.options(linestyle="none")
        tested = f", {line.tested} tested" if line.tested < line.seeds else ""
        rows.append(LegendRow(Line2D([], [], **options), f"{line.label} ({seeds(line.seeds)}{tested})"))
    if any(point.beyond_capacity for line in data.lines for point in line.points):
        hollow = LineStyle(GREY, "none", "o").options(**HOLLOW)
        rows.append(LegendRow(Line2D([], [], **hollow), "hollow: beyond memory slots"))
    if any(size.chance is not None for size in data.sizes):
        rows.append(LegendRow(Line2D([], [], **CHANCE), "chance"))
    if data.training_range:
        rows.append(LegendRow(Patch(color=SHADE), "trained on"))
    return rows


def _scores(data: LengthFigure) -> list[float]:
    """Return all that the y axis has to show."""
    estimates = [point.estimate for line in data.lines for point in line.points]
    bounds = [bound for each in estimates if each.interval for bound in (each.interval.low, each.interval.high)]
    chances = [size.chance for size in data.sizes if size.chance is not None]
    return [*(each.value for each in estimates), *bounds, *chances]


def _note(data: LengthFigure, connected: bool) -> str:
    """Say what is drawn, and how its interval was made."""
    intervals = [point.estimate.interval for line in data.lines for point in line.points if point.estimate.interval]
    note = f"{'Line' if connected else 'Mark'}: median over seeds."
    if any(line.tested < line.seeds for line in data.lines):
        note += " A run that could not be tested counts as infinitely wrong."
    if not intervals:
        return note
    found = intervals[0]
    return f"{note} {'Band' if connected else 'Bar'}: interval of the median, {found.words()}."
