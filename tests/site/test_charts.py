import json
import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.site import task_charts
from mann_bench.site.build import build_site
from mann_bench.site.chart_data import chart_data
from mann_bench.site.columns import columns, folded
from mann_bench.site.seed_charts import seed_section
from mann_bench.site.sheet import model_styles, own_sheet
from mann_bench.site.task_charts import task_sections


@pytest.fixture
def charts():
    """Return a function that makes the charts of the first task of records, by the end of their names."""

    def make(records):
        (section, *_) = task_sections(own_sheet(cells(records)))
        return {chart.name.partition("-")[2]: chart for chart in section.charts}

    return make


def test_a_task_has_its_charts(charts, make_record):
    assert list(charts([make_record()])) == [
        *("learning", "solve", "generalizing", "lengths", "front-parameters", "front-state", "front-seconds"),
        *("crest-parameters", "crest-state", "crest-seconds"),
    ]


def test_a_task_has_a_chart_of_levels_where_its_records_have_any(charts, make_record, make_syllabus):
    syllabus = make_syllabus({0: 1, 200: 4})
    chart = charts([make_record("lstm"), make_record("ntm", syllabus=syllabus)])["levels"]
    ((series,), (rule,)) = chart.series, chart.rules
    assert (series.label, series.row, series.x, series.y) == ("ntm", 1, (0, 200, 200, 600, 600), (1, 1, 4, 4, 4))
    assert (chart.y.label, chart.y.scale, rule.y) == ("level reached, length", "linear", 4)


def test_charts_are_of_the_rows_of_the_table(charts, make_record):
    made = charts([make_record("slow", converged_at=4_000), make_record("fast")])
    assert {tuple((s.label, s.row) for s in chart.series) for chart in made.values()} == {(("fast", 0), ("slow", 1))}


def test_a_solve_curve_goes_to_the_budget(charts, make_record):
    (series,) = charts([make_record(seed=0), make_record(seed=1, converged_at=None)])["solve"].series
    assert (series.x, series.y, series.marks) == ((0.0, 400.0, 600.0, 31_250.0), (0.0, 0.5, 0.5, 0.5), (2,))


def test_sizes_of_several_dimensions_are_categories(charts, make_record):
    sizes = [({"length": 10, "repeats": 20}, 3.0, 0.5)]
    chart = charts([make_record(sizes=sizes)])["lengths"]
    assert (chart.kind, chart.x.label, chart.x.scale, chart.series[0].x) == (
        "marks",
        "length × repeats",
        "point",
        ("10x20",),
    )


def test_the_training_range_is_shaded(charts, make_record):
    chart = charts([make_record()])["lengths"]
    assert (chart.shaded, chart.x.least) == ((1, 20), 1)


@pytest.mark.parametrize(
    ("trained", "shaded", "least"), [((1, 256), (1, 20), 1), ((15, 256), (15, 20), 10), ((30, 256), (), None)]
)
def test_the_training_range_is_shaded_up_to_the_greatest_size_tested(charts, make_record, trained, shaded, least):
    sizes = [({"length": length}, 3.0, 0.5) for length in (10, 20)]
    chart = charts([make_record(sizes=sizes, training_range={"length": trained})])["lengths"]
    assert (chart.shaded, chart.x.least) == (shaded, least)


def test_what_never_converged_stands_hollow_at_the_longest_run(charts, make_record):
    (series,) = charts([make_record(converged_at=None)])["front-seconds"].series
    assert (series.x, series.hollow) == ((3.0,), (0,))


def test_generalising_stands_against_cost_where_it_was_measured(charts, make_record):
    without = charts([make_record(protocol="collier2018:probe_every=0")])
    assert [name for name in without if name.startswith("crest")] == []
    (series,) = charts([make_record()])["crest-state"].series
    assert (series.x, series.y, series.label) == ((10_240.0,), (0.0,), "ntm")


def test_what_was_not_tested_is_infinitely_wrong(charts, make_record, make_failed_record):
    made = charts([make_record("a"), make_failed_record("b")])
    assert [series.row for series in made["front-parameters"].series] == [0]
    records = [make_record(seed=0), make_record(seed=1, generalization=[], outcome="diverged")]
    assert charts(records)["lengths"].series[0].high == (math.inf,)


@pytest.fixture
def long_record(make_record):
    """Return a run of many evaluations, each with a score of its own."""
    steps = range(200, 31_400, 200)
    curve = [
        {"step": step, "sequences": 32 * step, "training_seconds": step / 100, "scores": {"bit_errors": 1e4 / step}}
        for step in steps
    ]
    return make_record(converged_at=None, steps=steps[-1], curve=curve)


def test_where_rows_have_too_many_points_each_learning_curve_keeps_some_and_its_ends(charts, long_record, monkeypatch):
    whole = charts([long_record])["learning"]
    monkeypatch.setattr(task_charts, "MOST_POINTS", 30)
    thinned = charts([long_record])["learning"]
    (before,), (after,) = whole.series, thinned.series
    assert (len(before.x), len(after.x)) == (156, 30)
    assert (after.x[0], after.x[-1]) == (before.x[0], before.x[-1])
    assert dict(zip(after.x, after.y, strict=True)).items() <= dict(zip(before.x, before.y, strict=True)).items()
    assert ("30 points are drawn" in thinned.note, "are drawn" in whole.note) == (True, False)


def test_what_recurs_in_charts_stands_once(make_record):
    sections = task_sections(own_sheet(cells([make_record()])))
    data = json.loads(chart_data(sections))
    (section,) = data["sections"]
    assert section["lines"] == [[0, "ntm", 0]]
    assert len(set(map(str, data["lists"]))) == len(data["lists"])
    line, x, y, *_ = section["charts"][0]["series"][0]
    assert (line, data["lists"][x], data["lists"][y]) == (0, *map(list, sections[0].charts[0].series[0][3:5]))


def test_a_cell_has_a_line_a_seed(make_record):
    sheet = own_sheet(cells([make_record(seed=seed) for seed in (3, 1)]))
    (chart,) = seed_section(sheet.lines[0], 0).charts
    assert [(series.label, series.row) for series in chart.series] == [("seed 1", None), ("seed 3", None)]


def test_a_cell_has_a_small_chart_of_each_diagnostic(make_record):
    record = make_record()
    curve = [row.model_copy(update={"diagnostics": {"read_entropy": 1.5}}) for row in record.curve]
    sheet = own_sheet(cells([record.model_copy(update={"curve": curve})]))
    (chart,) = [chart for chart in seed_section(sheet.lines[0], 0).charts if chart.small]
    assert (chart.title, chart.series[0].y) == ("read entropy", (1.5, 1.5, 1.5))


def test_a_model_has_one_style_on_all_boards(make_board, make_entry, elements):
    one = make_board(make_entry("a", model="ntm"), make_entry("b", model="dnc"), name="one")
    two = make_board(make_entry("c", model="acme"), make_entry("d", model="dnc", task="repeat_copy"), name="two")
    styles = {}
    for board in ("one", "two"):
        page = build_site([one, two])[f"{board}/index.html"]
        (data,) = [each for each in elements(page, "script") if each.attributes.get("id") == "charts"]
        for section in json.loads("".join(data.text))["sections"]:
            for _, label, style in section["lines"]:
                styles.setdefault({"A": "ntm", "B": "dnc", "C": "acme", "D": "dnc"}[label], set()).add(style)
    assert sorted(map(sorted, styles.values())) == [[0], [1], [2]]


def test_a_later_entry_changes_the_style_of_no_other_model(make_board, make_entry, make_loaded):
    later = make_entry("z", model="aaa")
    later = later._replace(entry=later.entry.model_copy(update={"date": "2026-02-01"}))
    before, after = make_board(make_entry("a", model="ntm")), make_board(make_entry("a", model="ntm"), later)
    assert (model_styles([before]), model_styles([after])) == ({"ntm": 0}, {"ntm": 0, "aaa": 1})


def test_columns_that_say_the_same_in_all_rows_fold_away(make_record):
    rows = own_sheet(cells([make_record("a"), make_record("b", task="repeat_copy")])).rows
    shown, equal = folded(rows, columns(rows, named=False))
    assert [column.name for column in shown] == ["model", "task", "solved", "steps"]
    assert {column.name: value.text for column, value in equal}["parameters"] == "12,345"


def test_a_table_of_one_row_folds_nothing(make_record):
    rows = own_sheet(cells([make_record()])).rows
    assert folded(rows, columns(rows, named=False)) == (columns(rows, named=False), [])
