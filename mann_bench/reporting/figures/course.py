"""Draw the course of a syllabus."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mann_bench.analysis.curves.course import CourseFigure
from mann_bench.reporting.figures.axes import step_axis
from mann_bench.reporting.figures.style import USUAL, LegendRow, LineStyle, legend, new_figure, title

_COLOURS = LinearSegmentedColormap.from_list("course", ["1.0", "0.5"])
_STRENGTH = PowerNorm(0.5, vmin=0.0, vmax=1.0)
_MOST_TICKS = 10

_NOTE = (
    "The darker, the more of the training batches from one evaluation to the next had this size, over all seeds: white "
    "is none of them."
)
_POINT_NOTE = " A line is the curriculum point of a seed."


def draw(data: CourseFigure) -> Figure:
    """Return a map of the sizes that were trained on over training, with a line a seed where there is a point."""
    figure = new_figure(3.4)
    axes = figure.subplots()
    shares = np.array([[np.nan if share is None else share for share in row] for row in data.shares]).T
    edges = np.arange(len(data.sizes) + 1) - 0.5
    axes.pcolormesh(data.steps, edges, shares, cmap=_COLOURS, norm=_STRENGTH, rasterized=True)
    rows = [LegendRow(Patch(facecolor="0.5"), "share of the batches"), *_draw_points(axes, data)]
    step_axis(axes, max(data.steps))
    axes.grid(visible=False)
    axes.set_ylim(edges[0], edges[-1])
    ticks = range(0, len(data.sizes), -(-len(data.sizes) // _MOST_TICKS))
    axes.set_yticks(list(ticks), [data.sizes[place] for place in ticks])
    axes.set_xlabel("training steps", fontsize=USUAL)
    axes.set_ylabel(" x ".join(data.dimensions), fontsize=USUAL)
    title(axes, f"Sizes trained on: {data.label} on {data.subject.task}, syllabus {data.rule}")
    legend(figure, data.subject, rows, _NOTE + _POINT_NOTE * (len(rows) > 1))
    return figure


def _draw_points(axes: Axes, data: CourseFigure) -> list[LegendRow]:
    rows = []
    for number, seed in enumerate(data.seeds):
        at = [(step, place) for step, place in zip(seed.steps, seed.places, strict=True) if place is not None]
        if at:
            options: dict[str, Any] = LineStyle.of(number).options(marker="none", drawstyle="steps-post")
            axes.plot([step for step, _ in at], [place for _, place in at], **options)
            rows.append(LegendRow(Line2D([], [], **options), f"seed {seed.seed}"))
    return rows
