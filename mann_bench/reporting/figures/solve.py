"""Draw solve curves."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mann_bench.analysis.curves.solve import SolveFigure
from mann_bench.reporting.figures.axes import step_axis
from mann_bench.reporting.figures.style import GREY, USUAL, LegendRow, LineStyle, legend, new_figure, title

_NOTE = (
    "1 - Kaplan-Meier estimate, up to the budget; in brackets: seeds converged of all. A run that diverged or failed "
    "counts as unconverged up to the budget."
)
_CENSORED: dict[str, Any] = {"marker": "|", "markersize": 11, "markeredgewidth": 1.6, "linestyle": "none"}


def draw(data: SolveFigure) -> Figure:
    """Return a step function a model: the share of its seeds that have converged."""
    figure = new_figure(3.4)
    axes = figure.subplots()
    rows = []
    for place, line in enumerate(data.lines):
        style = LineStyle.of(line.style)
        # Lines often lie on one another: the later, the thinner, so that all are seen.
        options = style.options(linewidth=1.3 + 1.7 * (1 - place / len(data.lines)), drawstyle="steps-post")
        steps, shares = (*line.steps, line.budget), (*line.shares, line.shares[-1])
        axes.plot(steps, shares, **options, markevery=slice(1, len(line.steps)))
        ended = [mark.step for mark in line.censored]
        axes.plot(ended, [mark.share for mark in line.censored], color=style.color, **_CENSORED)
        rows.append(LegendRow(Line2D([], [], **options), f"{line.label} ({line.solved}/{line.seeds})"))
    if any(line.censored for line in data.lines):
        rows.append(LegendRow(Line2D([], [], color=GREY, **_CENSORED), "a run ended unconverged"))
    step_axis(axes, max(line.budget for line in data.lines))
    axes.set_ylim(-0.05, 1.05)
    axes.set_xlabel("training steps", fontsize=USUAL)
    axes.set_ylabel("share of seeds converged", fontsize=USUAL)
    title(axes, f"Solve curves: {data.subject.task}")
    legend(figure, data.subject, rows, _NOTE)
    return figure
