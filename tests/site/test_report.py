import base64
import hashlib

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.site.report import report_page


@pytest.fixture
def records(make_record, make_failed_record, make_ngrams_record):
    """Two models on two tasks; three seeds, of which one is censored; a failure."""
    return [
        *(make_record(seed=seed, converged_at=at) for seed, at in enumerate((400, 600, None))),
        make_record("lstm:layers=2", converged_at=800),
        make_failed_record("lstm:layers=2", "repeat_copy"),
        make_ngrams_record(),
    ]


def test_the_order_of_records_changes_nothing(records):
    assert report_page(cells(records)) == report_page(cells(records[::-1]))


def test_it_loads_nothing_from_elsewhere(records, elements):
    for element in elements(report_page(cells(records))):
        assert "src" not in element.attributes
        assert element.name != "link" or element.attributes == {"rel": "icon", "href": "data:,"}


def test_its_policy_names_its_scripts_and_styles(records, elements):
    found = elements(report_page(cells(records)))
    (policy,) = [e.attributes["content"] for e in found if e.attributes.get("http-equiv")]
    inside = [e for e in found if e.name == "style" or (e.name == "script" and "type" not in e.attributes)]
    assert len(inside) == 6
    for element in inside:
        digest = hashlib.sha256("".join(element.text).encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy


def test_it_has_the_licences_of_what_is_inside(records):
    page = report_page(cells(records)).decode()
    assert page.count("Permission to use, copy, modify, and/or distribute this software") == 2


def test_it_has_all_tables(records, elements):
    titles = [element.words for element in elements(report_page(cells(records)), "h3")]
    assert {"Length generalisation: copy", "Generalisation over training"} <= {*titles}


def test_it_has_the_name_of_a_model_as_it_is(named, elements):
    page = report_page(cells([named("<b>&amp;{{ 7 * 7 }}", "copy")]))
    assert "<b>&amp;{{ 7 * 7 }}" in [element.words for element in elements(page, "bdi")]


def test_without_records_there_is_none():
    with pytest.raises(ValueError, match="needs one record"):
        report_page(cells([]))
