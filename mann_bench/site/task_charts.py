"""The charts that compare the rows of a task."""

from collections.abc import Iterator, Sequence

from mann_bench.analysis.curves.learning import LearningFigure, LearningLine
from mann_bench.analysis.curves.lengths import LengthFigure, LengthLine
from mann_bench.analysis.curves.level import LevelFigure, stairs
from mann_bench.analysis.curves.solve import SolveFigure, SolveLine
from mann_bench.analysis.level_measures import has_level
from mann_bench.analysis.measures import probed
from mann_bench.site.chart import Axis, Chart, Reference, Rule, Section, Series, score_axis
from mann_bench.site.cost_charts import cost_charts
from mann_bench.site.rows import SheetRow
from mann_bench.site.safe_text import shown, shown_variant
from mann_bench.site.sheet import Figures, Sheet

MOST_POINTS = 24_000
"""Most points of all learning curves of a page; where rows have more, each keeps an even share, two at least."""

_STEPS = Axis("training steps", least=0)
_SHARE = Axis("share of seeds", least=0, most=1)


def task_sections(sheet: Sheet) -> list[Section]:
    """Return the charts of each task of a sheet."""
    return [
        Section(
            f"task{number}",
            section_title(sheet, figures),
            shown_variant(figures.group.subject.task),
            "Lines",
            tuple(_charts(figures, sheet.rows, f"task{number}")),
        )
        for number, figures in enumerate(sheet.figures)
    ]


def section_title(sheet: Sheet, figures: Figures) -> str:
    """Return the task of figures, with the protocol where the sheet has several."""
    return shown(figures.group.subject.task) + _protocol(sheet, figures)


def _protocol(sheet: Sheet, figures: Figures) -> str:
    protocols = {row.convergence.protocol for row in sheet.rows}
    return f", {shown(sheet.rows[figures.rows[0]].convergence.protocol)}" if len(protocols) > 1 else ""


def _charts(figures: Figures, rows: Sequence[SheetRow], name: str) -> Iterator[Chart]:
    if figures.learning:
        yield _learning(figures, figures.learning, f"{name}-learning", max(2, MOST_POINTS // len(rows)))
    yield _solve(
        figures.rows, figures.solve, f"{name}-solve", "Solved over training",
        "1 - the Kaplan-Meier estimate of not having converged. A mark: a run ended that had not; one that diverged "
        "or failed counts as unconverged up to the budget.",
    )  # fmt: skip
    if figures.generalizing:
        drawn_rows = zip(figures.group.cells, figures.rows, strict=True)
        yield _solve(
            [row for drawn, row in drawn_rows if probed(drawn.cell)], figures.generalizing,
            f"{name}-generalizing", "Generalising over training",
            "1 - the Kaplan-Meier estimate of not generalising: a seed generalises from the step on from which it "
            "masters the longest size in every probe.",
        )  # fmt: skip
    if figures.levels:
        yield _levels(figures, figures.levels, f"{name}-levels")
    if figures.lengths:
        yield _lengths(figures, figures.lengths, f"{name}-lengths")
    if figures.cost:
        yield from cost_charts(figures.cost, figures.rows, name)


def _learning(figures: Figures, data: LearningFigure, name: str, most: int) -> Chart:
    series = tuple(_learning_series(line, row, most) for row, line in zip(figures.rows, data.lines, strict=True))
    below, thin = data.subject.below, any(len(line.steps) > most for line in data.lines)
    return Chart(
        name, "lines", "Learning curves",
        "Score on the validation stream: median over seeds, band: quartiles. A run that ended keeps its last score; "
        "one that diverged or failed counts as infinitely wrong from its end on."
        + f" Of each curve {most} points are drawn; the charts by seed have all." * thin,
        _STEPS, score_axis(data.subject.metric, data.floor), series, "quartiles",
        (Rule(f"converged: below {below:g}", below),),
    )  # fmt: skip


def _learning_series(line: LearningLine, row: int, most: int) -> Series:
    """Return a learning curve of so many points at most, evenly spaced, its ends among them."""
    last = len(line.steps) - 1
    places = range(last + 1) if last < most else [round(place * last / (most - 1)) for place in range(most)]
    x, median, low, high = (
        tuple(values[place] for place in places) for values in (line.steps, line.median, line.low, line.high)
    )
    return Series(line.label, line.style, row, x, median, low, high)


def _solve(rows: Sequence[int], data: SolveFigure, name: str, title: str, note: str) -> Chart:
    series = tuple(_solve_series(line, row) for row, line in zip(rows, data.lines, strict=True))
    return Chart(name, "steps", title, note, _STEPS, _SHARE, series)


def _solve_series(line: SolveLine, row: int) -> Series:
    """Return the steps of a curve with a point at the budget, and one at each step at which runs ended."""
    points = sorted({
        *zip(line.steps, line.shares, strict=True),
        *((mark.step, mark.share) for mark in line.censored),
        (line.budget, line.shares[-1]),
    })  # fmt: skip
    ended = {mark.step for mark in line.censored}
    return Series(
        line.label, line.style, row, tuple(step for step, _ in points), tuple(share for _, share in points),
        marks=tuple(index for index, (step, _) in enumerate(points) if step in ended),
    )  # fmt: skip


def _levels(figures: Figures, data: LevelFigure, name: str) -> Chart:
    rows = [row for drawn, row in zip(figures.group.cells, figures.rows, strict=True) if has_level(drawn.cell)]
    return Chart(
        name, "lines", "Level over training",
        "How high the curriculum point stood: median over seeds, band: quartiles. A run keeps the level that it "
        "reached; one that failed before its first evaluation has level 0.",
        _STEPS, Axis(f"level reached, {' × '.join(data.dimensions)}", data.scale, least=0),
        tuple(_level_series(line, row) for row, line in zip(rows, data.lines, strict=True)), "quartiles",
        (Rule(f"greatest training size: {data.greatest:,}", data.greatest),),
    )  # fmt: skip


def _level_series(line: LearningLine, row: int) -> Series:
    """Return the corners of a line, with a mark where a step begins."""
    corners = stairs(line)
    return Series(
        line.label, line.style, row, tuple(map(float, corners.steps)), corners.median, corners.low, corners.high,
        marks=tuple(range(0, len(corners.steps), 2)),
    )  # fmt: skip


def _lengths(figures: Figures, data: LengthFigure, name: str) -> Chart:
    dimensions = data.dimensions
    single = len(dimensions) == 1
    known = [size for size in data.sizes if size.chance is not None]
    tested = [float(size.text) for size in data.sizes] if single else []
    trained = _within(tested, data.training_range.get(dimensions[0]))
    least = min(trained[0], *tested) if trained else None
    chances = tuple(size.chance for size in known if size.chance is not None)
    return Chart(
        name, "lines" if single else "marks", "Error against length",
        "Score on the test stream: median over all seeds; one that could not be tested counts as infinitely wrong. "
        "Shaded: trained on. Hollow: more rows to remember than the memory has slots.",
        Axis(" × ".join(dimensions), "linear" if single else "point", least=least),
        score_axis(data.subject.metric, data.floor),
        tuple(_length_series(line, row, single) for row, line in zip(figures.rows, data.lines, strict=True)),
        "interval of the median",
        references=(Reference("chance", _places([size.text for size in known], single), chances),) if known else (),
        shaded=trained or _places([size.text for size in data.sizes if size.in_training], single),
    )  # fmt: skip


def _within(tested: Sequence[float], trained: tuple[int, int] | None) -> tuple[float, float] | None:
    """Return the training range up to the greatest size tested, where the axis ends; None where nothing is left."""
    if not tested or not trained or trained[0] > max(tested):
        return None
    return trained[0], min(trained[1], max(tested))


def _length_series(line: LengthLine, row: int, single: bool) -> Series:
    intervals = [point.estimate.interval for point in line.points]
    known = [interval for interval in intervals if interval is not None]
    whole = len(known) == len(intervals) > 0
    return Series(
        line.label, line.style, row, _places([point.size for point in line.points], single),
        tuple(point.estimate.value for point in line.points),
        tuple(interval.low for interval in known) if whole else None,
        tuple(interval.high for interval in known) if whole else None,
        tuple(index for index, point in enumerate(line.points) if point.beyond_capacity),
        marks=tuple(range(len(line.points))),
    )  # fmt: skip


def _places(sizes: Sequence[str], single: bool) -> tuple[float, ...] | tuple[str, ...]:
    """Return where sizes stand: those of a single dimension on a scale, those of several as categories."""
    return tuple(map(float, sizes)) if single else tuple(sizes)
