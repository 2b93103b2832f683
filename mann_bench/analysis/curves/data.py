"""The data of every figure of a report, by file stem, and the JSON of it."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.curves.cost import CostFigure, cost_figure
from mann_bench.analysis.curves.course import CourseFigure, course_figure
from mann_bench.analysis.curves.groups import Group, groups
from mann_bench.analysis.curves.learning import LearningFigure, learning_figure
from mann_bench.analysis.curves.lengths import LengthFigure, length_figure
from mann_bench.analysis.curves.level import LevelFigure, level_figure
from mann_bench.analysis.curves.probe import ProbeFigure, probe_figure
from mann_bench.analysis.curves.solve import SolveFigure, solve_figure
from mann_bench.core.runs import short_key

FigureData = LearningFigure | SolveFigure | LevelFigure | LengthFigure | CostFigure | ProbeFigure | CourseFigure

_LONGEST_STEM = 120


class _Made(NamedTuple):
    stem: str
    key: str
    """Of a record that no other figure of this stem shows."""
    data: FigureData


def figure_data(cells: Sequence[Cell]) -> dict[str, FigureData]:
    """Return the data of every figure by file stem, such as ``learning-copy-layout-collier2018``.

    The same cells give the same data. Figures whose stems would be the same have the first digits of a run's key
    after it.
    """
    made = [each for group in groups(cells) for each in _of_task(group)]
    taken = Counter(each.stem for each in made)
    return {f"{stem}-{short_key(key)}" if taken[stem] > 1 else stem: data for stem, key, data in made}


def to_json(data: Mapping[str, FigureData]) -> str:
    """Return the data as one JSON object, a key a figure; what is not finite is written as in records."""
    return json.dumps({stem: plain(each) for stem, each in data.items()}, indent=1, allow_nan=False) + "\n"


def _of_task(group: Group) -> Iterator[_Made]:
    key, task, lengths = group.cells[0].cell.records[0].key, group.subject.task, length_figure(group)
    figures = {
        "learning": learning_figure(group),
        "solve": solve_figure(group),
        "level": level_figure(group),
        "length": lengths,
        "cost": lengths and cost_figure(group, lengths),
    }
    for kind, data in figures.items():
        if data:
            yield _Made(_stem(kind, task), key, data)
    for drawn in group.cells:
        if probed := probe_figure(group.subject, drawn):
            yield _Made(_stem("probe", task, drawn.label), drawn.cell.records[0].key, probed)
        if course := course_figure(group.subject, drawn):
            yield _Made(_stem("syllabus", task, drawn.label), drawn.cell.records[0].key, course)


def _stem(*texts: str) -> str:
    """Return a file name of lower-case letters, digits, dots, underscores and hyphens alone."""
    return re.sub(r"[^a-z0-9._]+", "-", "-".join(texts).lower())[:_LONGEST_STEM].strip("-.")


def plain(value: Any) -> Any:
    """Turn named tuples into dictionaries, and numbers that JSON lacks into the words of the record schema."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
