import json

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.site.board import Board
from mann_bench.site.build import build_site
from mann_bench.site.sheet import own_sheet
from mann_bench.site.traces import trace_views


@pytest.fixture
def view(make_record, make_trace):
    """Return a function that makes the view of one trace."""

    def make(**fields):
        record = make_record("ntm:memory_slots=64")
        (made,) = trace_views(own_sheet(cells([record])).lines, [make_trace(record, **fields)])
        return made

    return make


@pytest.fixture
def site(make_record, make_trace, make_loaded):
    records = [make_record(seed=seed) for seed in (0, 1)]
    entry = make_loaded("one", records, [make_trace(records[0])])
    return build_site([Board("study", "A study.", None, [entry], ())])


def labels(view):
    return [panel.label for panel in view.panels]


def test_a_memory_is_shown_above_its_gates(view):
    memory = ["slots written", "slots read", "norm of slots", "key strength", "shift"]
    assert labels(view()) == ["input channel", "target bit", "output bit", *memory]


def test_without_a_memory_the_sequence_is_shown(view):
    assert labels(view(memory=False)) == ["input channel", "target bit", "output bit"]


def test_several_heads_are_numbered(view):
    assert labels(view(readers=2))[3:6] == ["slots written", "slots read, head 1", "slots read, head 2"]
    assert view(readers=2).panels[-1].lines == ["read 1", "read 2", "write 1"]


def test_outputs_alone_are_pale_where_they_are_not_scored(view):
    assert [panel.label for panel in view().panels if panel.mask] == ["output bit"]


def test_rows_are_slots_by_their_number(view):
    assert view().panels[3].rows == [7, 0, 1]


def test_the_description_says_what_is_shown_of_which_run(view):
    assert view(memory=False).description == (
        "What ntm:memory_slots=64 on copy, seed 0, does with test sequence 0 of length 20, 5 time steps, one above the "
        "other: input channel, target bit, output bit."
    )
    assert view().note == "Seed 0, converged after 400 steps; test sequence 0 of length 20, 5 time steps."


def test_the_page_has_each_with_its_description_and_data(site, elements, make_record):
    page, key = site["study/one/index.html"], make_record().key
    (picture,) = [element.attributes for element in elements(page) if element.attributes.get("role") == "img"]
    assert picture["aria-label"].startswith("What ntm on copy, seed 0, does with")
    assert f"traces/{key}.json" in [element.attributes["href"] for element in elements(page, "a")]
    assert json.loads(site[f"study/one/traces/{key}.json"])["key"] == key


def test_the_data_of_a_picture_stand_in_the_page(site, elements, view):
    data = [element for element in elements(site["study/one/index.html"], "script") if element.text]
    panels = json.loads("".join(data[0].text))
    assert [panel["data"] for panel in panels] == [panel.data for panel in view().panels]


def test_an_entry_without_traces_has_no_such_section(make_board):
    page = build_site([make_board()])["study/one/index.html"]
    assert b"What the memory does" not in page
    assert b"traces.js" not in page
