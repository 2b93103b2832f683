"""What the models of the first page cost, and what they are worth: small charts of each of its tasks."""

from collections.abc import Iterator, Mapping

from mann_bench.analysis.curves.cost import cost_figure
from mann_bench.analysis.curves.groups import DrawnCell, Group, Subject
from mann_bench.analysis.curves.lengths import length_figure
from mann_bench.site.chart import Section
from mann_bench.site.cost_charts import cost_charts
from mann_bench.site.front import Front, Task
from mann_bench.site.safe_text import shown_variant


def cost_sections(front: Front, styles: Mapping[str, int]) -> list[Section]:
    """Return the charts of each task over the rows of the table; `styles` are those of models on all boards."""
    return [
        section
        for number, task in enumerate(front.tasks)
        for section in _sections(front, task, f"cost{number}", styles)
    ]


def _sections(front: Front, task: Task, name: str, styles: Mapping[str, int]) -> Iterator[Section]:
    """Yield the charts of a task, none where none of its rows was tested."""
    held = [(row, task.figures[each.model].place.cell, each.label) for row, each in enumerate(front.rows)
            if each.model in task.figures]  # fmt: skip
    drawn = tuple(DrawnCell(cell, label, styles[cell.model]) for _, cell, label in held)
    if drawn:
        column = task.column
        group = Group(Subject.of(column.task, column.protocol, drawn[0].cell.rule), drawn)
        if lengths := length_figure(group):
            title, rows = shown_variant(column.task), [row for row, *_ in held]
            charts = tuple(cost_charts(cost_figure(group, lengths), rows, name, small=True))
            yield Section(name, title, title, "Models", charts)
