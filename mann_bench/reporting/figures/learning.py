"""Draw learning curves."""

import bisect
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mann_bench.analysis.curves.learning import LearningFigure
from mann_bench.reporting.figures.axes import drawn, score_axis, score_words, sequence_axis, step_axis
from mann_bench.reporting.figures.style import THRESHOLD, USUAL, LegendRow, LineStyle, band, legend, new_figure, title
from mann_bench.reporting.figures.wrapping import seeds

_NOTE = (
    "Line: median over seeds; shaded: quartiles. A run that ended keeps its last score until the longest run of its "
    "model ends; one that diverged or failed counts as infinitely wrong from its end on."
)
_MARKERS = 9
"""Markers a line; those of lines side by side stand in different places."""


def draw(data: LearningFigure) -> Figure:
    """Return a line a model: the median over seeds, with its quartiles as a band."""
    figure = new_figure(4.0)
    axes = figure.subplots()
    last = max(step for line in data.lines for step in line.steps)
    rows = []
    for line in data.lines:
        style = LineStyle.of(line.style)
        low, median, high = (drawn(scores, data.floor) for scores in (line.low, line.median, line.high))
        band(axes, line.steps, low, high, style)
        axes.plot(line.steps, median, **style.options(markevery=_marked(line.steps, last / _MARKERS, line.style)))
        rows.append(LegendRow(Line2D([], [], **style.options()), f"{line.label} ({seeds(line.seeds)})"))
    axes.axhline(data.subject.below, **THRESHOLD)
    rows.append(LegendRow(Line2D([], [], **THRESHOLD), f"converged: below {data.subject.below:g}"))
    score_axis(axes, data.floor, [data.subject.below, *(y for line in data.lines for y in (*line.low, *line.high))])
    step_axis(axes, last)
    if data.batch_size:
        sequence_axis(axes, data.batch_size)
    axes.set_xlabel("training steps", fontsize=USUAL)
    axes.set_ylabel(score_words(data.subject), fontsize=USUAL)
    title(axes, f"Learning curves: {data.subject.task}")
    legend(figure, data.subject, rows, _NOTE)
    return figure


def _marked(steps: Sequence[int], distance: float, style: int) -> list[int]:
    """Return the indices of the points of a line that have a marker, its end among them."""
    starts = (distance * (place + style % 4 / 4) for place in range(_MARKERS))
    found = {bisect.bisect_left(steps, start) for start in starts}
    return sorted({index for index in found if index < len(steps)} | {len(steps) - 1})
