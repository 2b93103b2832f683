"""Fill the templates."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import metadata
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from mann_bench.analysis.comparable import RULE
from mann_bench.analysis.measures import GENERALIZES_FROM
from mann_bench.analysis.ranking import By
from mann_bench.analysis.rows import without_provenance
from mann_bench.leaderboard.schema import Badge
from mann_bench.reporting.naming import OWN_TRAINING
from mann_bench.reporting.tables.ranks import RANKED_BY, pairs_table
from mann_bench.reporting.tables.table import INTERVALS, SHARES, Table, reads_as_text
from mann_bench.site.assets import Assets
from mann_bench.site.chart import Chart
from mann_bench.site.chart_data import chart_data
from mann_bench.site.columns import cell_text, training_text
from mann_bench.site.front import Figure, Front
from mann_bench.site.front_words import count_range, told_text
from mann_bench.site.pairs import Pair as RowPair
from mann_bench.site.rows import SheetRow
from mann_bench.site.safe_text import (
    breakable,
    embedded,
    linked,
    safe_url,
    script_text,
    short_number,
    shown,
    shown_variant,
)
from mann_bench.site.sheet import Sheet
from mann_bench.site.task_charts import section_title
from mann_bench.site.views import Pair
from mann_bench.studies.claim_text import measured_text, number_text, sizes_text, tolerance_text
from mann_bench.studies.claims import ClaimResult, Verdict


def page(template: str, assets: Assets, **values: Any) -> bytes:
    """Return a page.

    Args:
        template: file name of a template.
        assets: its scripts and styles.
        values: what the template shows.
    """
    filled = (
        _environment()
        .get_template(template)
        .render(
            assets=assets, intervals=f"{INTERVALS}; {SHARES}", badges=list(Badge), ranked_by=RANKED_BY, rule=RULE,
            own_training=OWN_TRAINING, mastered=f"{100 * GENERALIZES_FROM:g} %",
            project_links=_project_links(), **values
        )
    )  # fmt: skip
    return (filled.strip() + "\n").encode()


def run_facts(sheet: Sheet) -> list[Pair]:
    """Return how much a sheet holds."""
    counts = {
        "models": len({line.cell.model for line in sheet.lines}),
        "tasks": len({line.cell.task for line in sheet.lines}),
        "runs": sum(len(line.cell.records) for line in sheet.lines),
    }
    return [Pair(name if count != 1 else name[:-1], f"{count:,}") for name, count in counts.items()]


def sheet_pairs(sheet: Sheet) -> Table | None:
    """Return how many pairs of rows each ranking of a sheet tells apart; None where there is no pair."""
    return pairs_table([row for figures in sheet.figures for row in figures.pairs], sheet.significance)


def _project_links() -> list[tuple[str, str]]:
    """Return where the documentation and the repository are, as far as the metadata of the package name them."""
    named = [link.split(", ", 1) for link in metadata("mann-bench").get_all("Project-URL") or []]
    return [(title, url) for title, url in named if title in ("Documentation", "Repository") and safe_url(url)]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mann_bench.site"),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    filters = (shown, shown_variant, safe_url, linked, breakable, embedded, chart_data)
    environment.filters |= {each.__name__: each for each in filters}
    environment.filters |= {
        "filters": _filters,
        "sortable": _sortable,
        "rankings": _rankings,
        "told_by": _told_by,
        "by_note": _by_note,
        "exact": _exact,
        "claim_pairs": _claim_pairs,
        "seeds": lambda seeds: count_range(*seeds),
        "told": told_text,
        "merit": _merit,
        "steps": lambda figure: training_text(figure.row.steps),
        "rank_texts": _rank_texts,
        "ranked_words": RANKED_BY.__getitem__,
        "found_data": _found_data,
        "front_pairs": _front_pairs,
        "sheet_tests": _sheet_tests,
        "row_labels": lambda sheet: sorted({line.label for line in sheet.lines}),
        "claim_counts": _claim_counts,
        "by_verdict": _by_verdict,
    }
    environment.tests["words"] = reads_as_text
    return environment


class _Field(NamedTuple):
    """A field that rows are chosen by; of each row, the place of its value among those to choose from."""

    name: str
    title: str
    options: list[str]
    of: list[int]


def _filters(sheet: Sheet) -> list[_Field]:
    """Return the fields that rows are chosen by."""
    found = {
        ("task", "Task"): [shown_variant(line.cell.task) for line in sheet.lines],
        ("model", "Model"): [shown_variant(line.cell.model) for line in sheet.lines],
        ("badge", "Checked"): [str(line.entry.entry.badge) for line in sheet.lines if line.entry],
    }
    options = {field: sorted(set(values)) for field, values in found.items() if values}
    return [_Field(*field, each, list(map(each.index, found[field]))) for field, each in options.items()]


def _rankings(sheet: Sheet) -> list[tuple[By, str]]:
    """Return by what the rows can be ranked, each with its words."""
    return [(by, RANKED_BY[by]) for by in By if any(by in places for places in sheet.places)]


def _told_by(sheet: Sheet) -> list[set[By]]:
    """Return, of each row, the rankings that tell any two rows of its task apart; the others leave it every place."""
    of_task = [({pairs.by for pairs in figures.pairs if pairs.decided}, figures.rows) for figures in sheet.figures]
    return [told for told, rows in of_task for _ in rows]


def _sortable(value: float | str | None) -> str | None:
    """Return what the script reads a value from."""
    if isinstance(value, float):
        return "Infinity" if math.isinf(value) else str(short_number(value))
    return None if value is None else str(value)


def _by_note(charts: Iterable[Chart]) -> list[tuple[str, list[Chart]]]:
    """Return small charts under the notes that they share."""
    found: dict[str, list[Chart]] = {}
    for chart in charts:
        found.setdefault(chart.note, []).append(chart)
    return list(found.items())


def _merit(figure: Figure) -> float:
    """Return what a cell of the first page is sorted by: first by seeds that are not solved, then by steps."""
    solved, steps = figure.row.solved, figure.row.steps
    return (1 - solved.value) * 1e9 + steps.restricted_mean


def _rank_texts(figure: Figure) -> list[tuple[str, str]]:
    """Return how the ranks of a cell read, with the names of the rankings that read so."""
    texts: dict[str, list[str]] = {}
    for by, rank in figure.ranks.items():
        if rank is not None:
            open_ = (rank.best, rank.worst) == (1, figure.of[by]) and figure.of[by] > 1
            texts.setdefault("undecided" if open_ else f"rank {rank.words()} of {figure.of[by]}", []).append(by)
    return [(" ".join(names), text) for text, names in texts.items()]


def _found_data(front: Front) -> Markup:
    """Return what the search of the first page reads: its words, and what it finds by their numbers."""
    words = sorted({word for found in front.found for word in found.words})
    numbers = {word: number for number, word in enumerate(words)}
    return embedded(
        {"words": words, "found": [(*map(numbers.get, each.words), each.solved, each.entries) for each in front.found]}
    )


def _front_pairs(front: Front) -> Markup:
    texts = [
        {
            number: _figure_text(task.figures[row.model])
            for number, row in enumerate(front.rows)
            if row.model in task.figures
        }
        for task in front.tasks
    ]
    tasks = [shown_variant(task.column.task) for task in front.tasks]
    return _pairs_data([row.label for row in front.rows], tasks, texts, front.pairs)


def _figure_text(figure: Figure) -> str:
    return cell_text(figure.row, figure.generalizing)


def _sheet_tests(sheet: Sheet) -> Markup:
    texts = [
        {row: cell_text(sheet.rows[row].convergence, sheet.rows[row].generalizing) for row in figures.rows}
        for figures in sheet.figures
    ]
    tests = [pair for figures in sheet.figures for pair in figures.tests]
    tasks = [section_title(sheet, figures) for figures in sheet.figures]
    return _pairs_data([line.label for line in sheet.lines], tasks, texts, tests)


def _pairs_data(labels: list[str], tasks: list[str], texts: list[dict[int, str]], tests: Sequence[RowPair]) -> Markup:
    """Return what the comparison of two rows reads: the names of rows and tasks, what rows say of tasks, the tests."""
    pairs = [(*pair[:-1], [test and tuple(test) for test in pair.tests]) for pair in tests]
    tested = {(pair.task, row) for pair in tests for row in (pair.first, pair.second)}
    named = [
        {str(row): text for row, text in of_task.items() if (task, row) in tested} for task, of_task in enumerate(texts)
    ]
    return embedded({"labels": labels, "tasks": tasks, "texts": named, "pairs": pairs})


def _exact(rows: Sequence[SheetRow]) -> Markup:
    """Return rows as JSON for a script element that is never run.

    Names of columns stand there once, and so do texts: of a row, ``[3]`` is the text at place 3.
    """
    flat = list(map(without_provenance, rows))
    names = list(dict.fromkeys(tuple(row) for row in flat))
    texts: dict[str, int] = {}
    values = [
        [[texts.setdefault(value, len(texts))] if isinstance(value, str) else value for value in row.values()]
        for row in flat
    ]
    placed = [[names.index(tuple(row)), *of_row] for row, of_row in zip(flat, values, strict=True)]
    packed = {"names": names, "texts": list(texts), "rows": placed}
    return script_text(json.dumps(packed, separators=(",", ":"), allow_nan=False))


def _claim_counts(results: Sequence[ClaimResult]) -> list[tuple[Verdict, int]]:
    counts = Counter(result.verdict for result in results)
    return [(verdict, counts[verdict]) for verdict in Verdict]


def _by_verdict(results: Sequence[ClaimResult]) -> list[ClaimResult]:
    """Return claims with those first that are refuted, then those that are undecided."""
    order = [Verdict.NOT_REPRODUCED, Verdict.UNDECIDED, Verdict.REPRODUCED]
    return sorted(results, key=lambda result: order.index(result.verdict))


def _claim_pairs(result: ClaimResult) -> list[Pair]:
    claim, measured = result.claim, result.measured
    interval = measured and measured.interval
    texts = {
        "Published": None if claim.published is None else number_text(claim.published),
        "Judged on": sizes_text(claim),
        "Reproduced where": tolerance_text(claim),
        "Measured": None if measured is None else measured_text(measured),
        "Interval": interval and interval.words(),
        "Test": measured and measured.test and measured.test.words(),
        "Seeds": str(result.n),
        "Source": claim.source,
        "Undecided": result.reason,
    }
    return [Pair(name, text) for name, text in texts.items() if text is not None]
