import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.site.seed_charts import seed_section
from mann_bench.site.sheet import own_sheet
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
        *("learning", "solve", "generalizing", "lengths", "front-parameters", "front-seconds"),
    ]


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


def test_what_never_converged_stands_hollow_at_the_longest_run(charts, make_record):
    (series,) = charts([make_record(converged_at=None)])["front-seconds"].series
    assert (series.x, series.hollow) == ((3.0,), (0,))


def test_what_was_not_tested_is_infinitely_wrong(charts, make_record, make_failed_record):
    made = charts([make_record("a"), make_failed_record("b")])
    assert [series.row for series in made["front-parameters"].series] == [0]
    records = [make_record(seed=0), make_record(seed=1, generalization=[], outcome="diverged")]
    assert charts(records)["lengths"].series[0].high == (math.inf,)


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
