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
