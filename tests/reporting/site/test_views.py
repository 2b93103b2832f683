from mann_bench.reporting.site.views import provenance_pairs


def test_provenance_names_all_that_differs(make_record):
    one = make_record()
    other = one.model_copy(update={"provenance": one.provenance.model_copy(update={"torch": "2.10.0", "date": "2026"})})
    pairs = dict(provenance_pairs([one, other]))
    assert pairs["torch"] == "2.10.0, 2.9.0"
    assert pairs["runs ended"] == "2025-01-02T03:04:05+00:00 to 2026"
    assert pairs["git dirty"] == "no"
