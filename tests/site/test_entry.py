from email.message import Message

import pytest

from mann_bench.leaderboard.schema import Badge
from mann_bench.site.build import build_site


@pytest.fixture
def entry_page(make_board, make_entry, make_record):
    """The page of an entry of two cells."""
    records = [make_record(model, seed=seed) for model in ("dnc", "ntm") for seed in (0, 1)]
    return build_site([make_board(make_entry("one", records=records))])["study/one/index.html"]


def test_how_to_reproduce_comes_first(entry_page, elements):
    headings = [each.words for each in elements(entry_page, "h2")]
    assert headings[:4] == ["How to reproduce", "Contents", "Results", "Runs"]
    assert "mann-bench reproduce study/one --execute" in [each.words for each in elements(entry_page, "code")][1]


def test_each_cell_is_folded_and_says_how_it_came_out(entry_page, elements):
    folds = [each for each in elements(entry_page, "details") if "-fold" in (each.attributes.get("id") or "")]
    assert [("open" in fold.attributes, fold.words[:36]) for fold in folds] == [
        (False, "dnc on copy2/2 solved, 0/2 generalis"),
        (False, "ntm on copy2/2 solved, 0/2 generalis"),
    ]


def test_the_only_cell_of_an_entry_is_open(make_board, elements):
    page = build_site([make_board()])["study/one/index.html"]
    (fold,) = [each for each in elements(page, "details") if "-fold" in (each.attributes.get("id") or "")]
    assert "open" in fold.attributes


def test_every_place_in_the_contents_exists(entry_page, elements):
    found = elements(entry_page)
    places = {each.attributes.get("id") for each in found}
    links = [each.attributes["href"] for each in found if each.name == "a" and each.attributes["href"].startswith("#")]
    assert {link[1:] for link in links} <= places
    assert {"#cell0-fold", "#cell1-fold", "#result-title", "#runs-title", "#tables-title"} <= set(links)


def test_an_entry_says_what_its_badge_means(entry_page, elements):
    entry = next(each.words for each in elements(entry_page, "dd"))
    assert entry == f"one {Badge.REPORTED} {Badge.REPORTED.words}"


def test_every_page_says_how_to_submit(entry_page, elements):
    assert "../../index.html#submit" in [each.attributes["href"] for each in elements(entry_page, "a")]


def test_pages_link_to_what_the_package_names(make_board, elements, monkeypatch):
    named = Message()
    for link in ("Documentation, https://example.org/docs", "Repository, javascript:alert(1)"):
        named["Project-URL"] = link
    monkeypatch.setattr("mann_bench.site.pages.metadata", lambda _: named)
    links = [each.attributes["href"] for each in elements(build_site([make_board()])["index.html"], "a")]
    assert "https://example.org/docs" in links
    assert not [link for link in links if link.startswith("javascript")]
