"""The charts of one cell, seed by seed: learning, generalisation over training, what the memory did."""

from collections.abc import Iterator, Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.curves.groups import DrawnCell, Group, Subject, bounded
from mann_bench.analysis.curves.learning import learning_figure
from mann_bench.analysis.curves.probe import ProbePanel, ProbeSeed, probe_figure
from mann_bench.results.schema import Record
from mann_bench.site.chart import Axis, Chart, Rule, Section, Series, score_axis
from mann_bench.site.safe_text import shown, shown_variant
from mann_bench.site.sheet import Line

_STEPS = Axis("training steps", least=0)


def seed_section(line: Line, number: int) -> Section:
    """Return the charts of a cell, a line a seed."""
    cell, name = line.cell, f"cell{number}"
    subject = Subject.of(cell.task, None, cell.rule)
    drawn = DrawnCell(cell, line.label, 0)
    return Section(
        name,
        f"{shown(cell.model)} on {shown(cell.task)}",
        shown_variant(cell.task),
        "Seeds",
        (*_learning(subject, drawn, name), *_probe(subject, drawn, name), *_diagnostics(cell, name)),
    )


def _learning(subject: Subject, drawn: DrawnCell, name: str) -> Iterator[Chart]:
    figure = learning_figure(Group(subject, (drawn,)))
    if figure:
        yield Chart(
            f"{name}-learning", "lines", "Learning curves by seed", "Score on the validation stream.",
            _STEPS, score_axis(subject.metric, figure.floor),
            tuple(_curve(record, subject.metric) for record in drawn.cell.records if record.curve),
            rules=(Rule(f"converged: below {subject.below:g}", subject.below),),
        )  # fmt: skip


def _curve(record: Record, metric: str) -> Series:
    """Return a seed's learning curve, with a mark at the evaluation at which it converged."""
    steps = [row.step for row in record.curve]
    marks = tuple(index for index, step in enumerate(steps) if step == record.converged_first)
    scores = tuple(bounded(row.scores[metric]) for row in record.curve)
    return Series(_label(record.seed), record.seed, None, tuple(map(float, steps)), scores, marks=marks)


def _label(seed: int) -> str:
    return f"seed {seed}"


def _probe(subject: Subject, drawn: DrawnCell, name: str) -> Iterator[Chart]:
    figure = probe_figure(subject, drawn)
    for place, panel in enumerate(figure.panels if figure else ()):
        assert figure is not None
        trained = " (trained on)" if panel.in_training else " (beyond the memory's slots)" * panel.beyond_capacity
        yield Chart(
            f"{name}-probe{place}", "lines", f"{' × '.join(figure.dimensions)} {panel.size}{trained}",
            "Generalisation over training. A filled mark: the size is mastered. Bold: seeds that generalise.",
            _STEPS, score_axis(subject.metric, figure.floor), tuple(_probed(panel, figure.seeds)),
            rules=() if panel.chance is None else (Rule("chance", panel.chance),), small=True,
        )  # fmt: skip


def _probed(panel: ProbePanel, seeds: Sequence[ProbeSeed]) -> Iterator[Series]:
    for seed, points in zip(seeds, panel.seeds, strict=True):
        if points:
            yield Series(
                _label(seed.seed), seed.seed, None,
                tuple(float(point.step) for point in points), tuple(point.score for point in points),
                hollow=tuple(index for index, point in enumerate(points) if not point.mastered),
                marks=tuple(range(len(points))), bold=seed.generalizes_from is not None,
            )  # fmt: skip


def _diagnostics(cell: Cell, name: str) -> Iterator[Chart]:
    """Yield a small chart each of what the memory did over training, where records tell."""
    names = dict.fromkeys(key for record in cell.records for row in record.curve for key in row.diagnostics)
    for place, diagnostic in enumerate(names):
        yield Chart(
            f"{name}-memory{place}", "lines", shown(diagnostic.replace("_", " ")),
            "What the memory did over training: means over steps and heads.",
            _STEPS, Axis(shown(diagnostic.replace("_", " "))),
            tuple(_diagnostic(record, diagnostic) for record in cell.records if record.curve), small=True,
        )  # fmt: skip


def _diagnostic(record: Record, name: str) -> Series:
    rows = [row for row in record.curve if name in row.diagnostics]
    values = tuple(bounded(row.diagnostics[name]) for row in rows)
    return Series(_label(record.seed), record.seed, None, tuple(float(row.step) for row in rows), values, marks=())
