from mann_bench.analysis.cells import cells
from mann_bench.site.sheet import own_sheet
from mann_bench.site.views import cell_view, provenance_pairs


def test_provenance_names_all_that_differs(make_record):
    one = make_record()
    other = one.model_copy(update={"provenance": one.provenance.model_copy(update={"torch": "2.10.0", "date": "2026"})})
    pairs = dict(provenance_pairs([one, other]))
    assert pairs["torch"] == "2.10.0, 2.9.0"
    assert pairs["runs ended"] == "2025-01-02T03:04:05+00:00 to 2026"
    assert pairs["git dirty"] == "no"


def test_a_page_says_why_a_run_failed(make_failed_record):
    record = make_failed_record().model_copy(update={"error": "Traceback\nValueError: no such thing"})
    (line,) = own_sheet(cells([record])).lines
    view = cell_view(line, 0)
    (run,) = view.runs
    assert dict(zip(view.run_columns, run.texts, strict=False))["Outcome"] == "failed: ValueError: no such thing"


def test_the_runs_tell_when_they_learned_the_greatest_size_where_records_do(told, make_record):
    shown = []
    for record in (told(9.0, 5.0, 0.0, converged_at=400), make_record()):
        view = cell_view(own_sheet(cells([record])).lines[0], 0)
        shown.append(dict(zip(view.run_columns, view.runs[0].texts, strict=False)))
    assert (shown[0]["Converged at"], shown[0]["On greatest size at"], shown[0]["Weights"]) == ("400", "600", "-")
    assert "On greatest size at" not in shown[1]
