"""Draw generalisation over training."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mann_bench.analysis.curves.probe import ProbeFigure, ProbePanel, ProbePoint, ProbeSeed
from mann_bench.reporting.figures.axes import drawn, plain, score_axis, score_words, step_axis
from mann_bench.reporting.figures.style import (
    CHANCE,
    HOLLOW,
    LARGE,
    POINTS,
    SHADE,
    USUAL,
    LegendRow,
    LineStyle,
    legend,
    new_figure,
)
from mann_bench.reporting.figures.wrapping import wrapped

_HEIGHT = 2.2
"""Height of a panel, in inches."""

_NOTE = (
    "A line a seed, bold where it generalises. Filled marker: the size is mastered, which is 99 % of its sequences "
    "right, or where none can be, the task's rule met; hollow: it is not. On the upper edge: where the seed converged. "
    "A seed generalises from step s if it masters the end of the grid, {longest}, in every measurement from s on."
)


def draw(data: ProbeFigure) -> Figure:
    """Return a panel a size, with a line a seed: the sizes that were trained on first."""
    count = len(data.panels)
    columns = 2 if count in (2, 4) else min(3, count)
    rows = math.ceil(count / columns)
    figure = new_figure(0.7 + _HEIGHT * rows)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for place, (axes, panel) in enumerate(zip(grid, data.panels, strict=False)):
        _draw_panel(axes, panel, data)
        if place + columns >= count:
            axes.set_xlabel("training steps", fontsize=USUAL)
            axes.tick_params(labelbottom=True)
        if place % columns == 0:
            axes.set_ylabel(wrapped(score_words(data.subject), USUAL, 0.75 * 72 * _HEIGHT), fontsize=USUAL)
    for axes in grid[count:]:
        axes.set_visible(False)
    score_axis(grid[0], data.floor, _scores(data))
    step_axis(grid[0], max(seed.steps for seed in data.seeds), most=4)
    heading = f"Generalisation over training: {data.label} on {data.subject.task}"
    figure.suptitle(wrapped(heading, LARGE, 0.97 * POINTS), x=0.01, ha="left", fontsize=LARGE)
    legend(figure, data.subject, _legend_rows(data), _NOTE.format(longest=_size_words(data, data.longest)))
    return figure


def _draw_panel(axes: Axes, panel: ProbePanel, data: ProbeFigure) -> None:
    for number, (seed, points) in enumerate(zip(data.seeds, panel.seeds, strict=True)):
        _draw_seed(axes, seed, points, number, data.floor)
    plain(axes)
    if panel.chance is not None:
        axes.axhline(panel.chance, **CHANCE)
    if panel.in_training:
        axes.set_facecolor(SHADE)
    words = [_size_words(data, panel.size)]
    words += ["trained on"] * panel.in_training + ["beyond memory slots"] * panel.beyond_capacity
    axes.set_title(", ".join(words), loc="left", fontsize=USUAL, pad=8)


def _draw_seed(axes: Axes, seed: ProbeSeed, points: Sequence[ProbePoint], number: int, floor: float) -> None:
    steps, scores = [point.step for point in points], drawn((point.score for point in points), floor)
    axes.plot(steps, scores, **_options(seed, number, marker="none"))
    for mastered, filling in ((False, HOLLOW), (True, {})):
        shown = [index for index, point in enumerate(points) if point.mastered is mastered]
        where = [steps[index] for index in shown], [scores[index] for index in shown]
        axes.plot(*where, **_options(seed, number, linestyle="none", markersize=4, **filling))
    if seed.converged_at is not None:
        edge = {"transform": axes.get_xaxis_transform(), "clip_on": False}
        axes.plot([seed.converged_at] * 2, [1, 0.9], **_options(seed, number, linestyle="-", markevery=[0], **edge))


def _options(seed: ProbeSeed, number: int, **more: Any) -> dict[str, Any]:
    bold = seed.generalizes_from is not None
    return LineStyle.of(number).options(**{"linewidth": 2.2 if bold else 1.0, **more})


def _legend_rows(data: ProbeFigure) -> list[LegendRow]:
    rows = [
        LegendRow(Line2D([], [], **_options(seed, number)), f"seed {seed.seed}: {_fate(seed)}")
        for number, seed in enumerate(data.seeds)
    ]
    if any(panel.chance is not None for panel in data.panels):
        rows.append(LegendRow(Line2D([], [], **CHANCE), "chance"))
    if any(panel.in_training for panel in data.panels):
        rows.append(LegendRow(Patch(color=SHADE), "trained on"))
    return rows


def _fate(seed: ProbeSeed) -> str:
    """Say what became of a seed."""
    words = ["not converged" if seed.converged_at is None else f"converged {seed.converged_at:,}"]
    if seed.outcome.broke_off:
        return ", ".join([*words, f"{seed.outcome} at {seed.steps:,}"])
    start = seed.generalizes_from
    return ", ".join([*words, "does not generalise" if start is None else f"generalises from {start:,}"])


def _size_words(data: ProbeFigure, size: str) -> str:
    return f"{' x '.join(data.dimensions)} {size}"


def _scores(data: ProbeFigure) -> list[float]:
    """Return all that the y axis has to show."""
    chances = [panel.chance for panel in data.panels if panel.chance is not None]
    return [*chances, *(point.score for panel in data.panels for points in panel.seeds for point in points)]
