"""All figures of a report, and their files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.curves.cost import CostFigure
from mann_bench.analysis.curves.course import CourseFigure
from mann_bench.analysis.curves.data import FigureData, figure_data, to_json
from mann_bench.analysis.curves.learning import LearningFigure
from mann_bench.analysis.curves.lengths import LengthFigure
from mann_bench.analysis.curves.level import LevelFigure
from mann_bench.analysis.curves.probe import ProbeFigure
from mann_bench.analysis.curves.solve import SolveFigure
from mann_bench.reporting.figures import cost, course, learning, lengths, level, probe, solve
from mann_bench.reporting.pictures import plain_settings, png, svg

DATA_NAME = "figures.json"


def figures(cells: Sequence[Cell]) -> dict[str, Figure]:
    """Return every figure by its file stem, such as ``learning-copy-layout-collier2018``.

    Who saves them has to do so under `plain_settings`, as `figure_files` does: widths are measured for it.
    """
    with plain_settings():
        return {stem: draw(data) for stem, data in figure_data(cells).items()}


def figure_files(cells: Sequence[Cell]) -> dict[str, bytes]:
    """Return the content of all files of a report by name: each figure as SVG and PNG, and last the data of all.

    The same cells give the same bytes.
    """
    made = figure_data(cells)
    files: dict[str, bytes] = {}
    with plain_settings():
        for stem, data in made.items():
            figure = draw(data)
            files |= {f"{stem}.svg": svg(figure), f"{stem}.png": png(figure)}
    return files | {DATA_NAME: to_json(made).encode()}


_DRAWN_BY: Mapping[type[FigureData], Callable[[Any], Figure]] = {
    LearningFigure: learning.draw,
    SolveFigure: solve.draw,
    LevelFigure: level.draw,
    LengthFigure: lengths.draw,
    CostFigure: cost.draw,
    CourseFigure: course.draw,
    ProbeFigure: probe.draw,
}


def draw(data: FigureData) -> Figure:
    """Draw one figure; whoever saves it does so under `plain_settings`."""
    return _DRAWN_BY[type(data)](data)
