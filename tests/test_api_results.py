"""Results as frames."""

import sys

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.convergence import convergence_rows
from mann_bench.analysis.generalization import generalization_rows
from mann_bench.analysis.level import level_rows, reached_rows
from mann_bench.analysis.probe import probe_rows
from mann_bench.analysis.rows import flat
from mann_bench.analysis.runs import run_rows
from mann_bench.api import Results
from mann_bench.core.errors import UsageError
from mann_bench.reporting.render import Format, render

FRAMES = ["convergence", "generalization", "probe", "generalizing", "curves", "runs"]
ORIGIN = "mann-bench ntm v1, mann-bench copy v1"


@pytest.fixture
def results(make_record, make_failed_record, make_probe):
    """Two seeds of one model on one task, another model that failed, and a task of two dimensions."""
    pair = [({"length": 10, "repeats": 20}, 3.0, 0.5)]
    return Results(
        [
            make_record(seed=0, converged_at=400, probe=make_probe(0.5, 1.0)),
            make_record(seed=1, converged_at=None),
            make_failed_record("lstm"),
            make_record(task="repeat_copy", sizes=pair),
        ]
    )


def rows_of(frame):
    """The rows of a frame, None for what is missing."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_the_convergence_frame_has_the_rows_of_the_table(results):
    assert rows_of(results.convergence(all_columns=True)) == list(map(flat, convergence_rows(cells(results.records))))


def test_the_generalization_frame_has_the_rows_of_the_table(results):
    frame = results.generalization(all_columns=True)
    rows = map(flat, generalization_rows(cells(results.records)))
    assert rows_of(frame) == [{name: row.get(name) for name in frame.columns} for row in rows]


def test_the_generalizing_frame_has_the_rows_of_the_table(results):
    assert rows_of(results.generalizing(all_columns=True)) == list(map(flat, probe_rows(cells(results.records))))


def test_the_frames_of_levels_have_the_rows_of_the_tables(make_record, make_syllabus):
    results = Results([make_record(seed=seed, syllabus=make_syllabus({0: 1, 200: 2, 400: 4})) for seed in (0, 1)])
    made = cells(results.records)
    assert rows_of(results.levels(all_columns=True)) == list(map(flat, level_rows(made)))
    assert rows_of(results.reached(all_columns=True)) == list(map(flat, reached_rows(made)))
    columns = ["level", "seeds", "reached", "steps_median", "steps_low", "steps_high", "seconds_median"]
    assert list(results.reached()) == ["task", "model", "protocol", *columns]


def test_the_runs_frame_has_the_rows_of_the_table(results):
    assert rows_of(results.runs(all_columns=True)) == list(map(flat, run_rows(cells(results.records))))


@pytest.mark.parametrize("name", FRAMES)
def test_frames_tell_versions_of_a_model_apart(versions, name):
    frame = getattr(Results(versions), name)()
    assert {row.origin for row in frame.itertuples()} == {ORIGIN, ORIGIN.replace("ntm v1", "ntm v2")}


def test_the_probe_frame_has_a_row_a_run_probe_and_size(results):
    frame = results.probe(all_columns=True)
    found = [(row.model, row.task, row.seed, row.step, row.size, row.length) for row in frame.itertuples(name="Row")]
    assert found == [("ntm", "copy", 0, step, str(n), n) for step in (1_000, 2_000) for n in (20, 120)]


def test_a_probe_row_has_the_key_and_the_scores(results):
    record = results.records[0]
    assert results.probe(all_columns=True).iloc[3].to_dict() == {
        **{"model": "ntm", "task": "copy", "protocol": "collier2018", "origin": ORIGIN, "seed": 0, "key": record.key},
        **{"step": 2_000, "size": "120", "length": 120},
        **record.probe[1].rows[1].scores,
    }


def test_what_was_not_reached_is_missing_from_a_column_of_numbers(results):
    frame = results.convergence(all_columns=True).set_index(["task", "model"])
    assert frame["steps_median"].dtype.kind == "f"
    assert frame["steps_median"].isna().to_dict() == {
        ("copy", "lstm"): True,
        ("copy", "ntm"): False,
        ("repeat_copy", "ntm"): False,
    }


def test_the_curves_have_a_row_a_run_and_evaluation(results):
    frame = results.curves(all_columns=True)
    assert [(row.model, row.task, row.seed, row.step) for row in frame.itertuples()] == [
        *(("ntm", "copy", 0, step) for step in (200, 400, 600)),
        *(("ntm", "copy", 1, step) for step in (200, 400, 600)),
        *(("ntm", "repeat_copy", 0, step) for step in (200, 400, 600)),
    ]


def test_a_curve_row_has_the_key_the_costs_and_the_scores(results):
    record = results.records[0]
    row = results.curves(all_columns=True).iloc[1].to_dict()
    assert row == {
        **{"model": "ntm", "task": "copy", "protocol": "collier2018", "origin": ORIGIN, "seed": 0, "key": record.key},
        **{"step": 400, "sequences": 12_800, "training_seconds": 2.0},
        **record.curve[1].scores,
    }


def test_the_frames_tell_both_convergences_where_records_do(told):
    results = Results([told(9.0, 5.0, 0.0, converged_at=400)])
    (row,), (run,) = results.convergence().to_dict("records"), results.runs().to_dict("records")
    assert (row["steps_median"], row["target_steps_median"]) == (400, 600)
    assert (run["converged_first"], run["target_first"]) == (400, 600)
    assert results.curves(all_columns=True)["target_bit_errors"].tolist() == [9.0, 5.0, 0.0]


@pytest.mark.parametrize("name", FRAMES)
def test_no_records_make_empty_frames(name):
    assert getattr(Results([]), name)().empty


@pytest.mark.parametrize("name", FRAMES)
def test_without_pandas_a_frame_says_how_to_get_it(results, monkeypatch, name):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"frames need pandas.*: pip install 'mann-bench\[pandas\]'"):
        getattr(results, name)()


def test_without_pandas_results_can_still_be_printed(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert str(results) == render(cells(results.records), Format.TEXT)


def test_results_have_no_problems_of_their_own(results):
    assert list(results.problems) == []


def test_frames_have_few_columns(results):
    wanted = ["key", "task", "model", "protocol", "seed", "outcome", "steps", "converged_first", "failure"]
    assert list(results.runs()) == wanted


@pytest.mark.parametrize("name", FRAMES)
def test_the_few_columns_of_a_frame_are_among_all(results, name):
    few, every = getattr(results, name)(), getattr(results, name)(all_columns=True)
    assert few.equals(every[list(few)])
    assert len(few.columns) <= 14


def test_two_models_are_compared_in_a_frame(make_record):
    (row,) = Results([make_record(), make_record("lstm")]).compare("ntm", "lstm").itertuples(name="Row")
    assert (row.first, row.second, row.ratio_at_least) == ("ntm", "lstm", 1.0)


def test_results_have_a_short_repr(results):
    wanted = "Results(4 runs of 2 models on 2 tasks: 2 converged, 1 failed, 1 not converged)"
    assert (repr(results), repr(Results([]))) == (wanted, "Results(0 runs of 0 models on 0 tasks: nothing)")


def test_a_notebook_shows_tables_in_which_names_mean_nothing(named):
    shown = Results([named("<b>ntm</b>", "copy")])._repr_html_()
    assert "<caption>Convergence</caption>" in shown
    assert shown.count("&lt;b&gt;ntm&lt;/b&gt;") >= 2
    assert "<b>" not in shown


def test_a_notebook_shows_figures(results):
    figures = results.figures()
    assert "learning-copy" in figures
    assert figures._repr_html_().count('src="data:image/svg+xml;base64,') == len(figures)


def test_results_write_their_page(results, tmp_path):
    path = results.page(tmp_path / "pages" / "report.html")
    assert path.read_text(encoding="utf-8").startswith("<!")


def test_no_records_make_no_page(tmp_path):
    with pytest.raises(UsageError, match="no records to make a page of"):
        Results([]).page(tmp_path / "report.html")
