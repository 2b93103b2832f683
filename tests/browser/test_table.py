import csv
import io
import json
from pathlib import Path

import pytest

from mann_bench.analysis.rows import without_provenance
from mann_bench.site.sheet import board_sheet

STUDY = "study/index.html"


@pytest.fixture
def names():
    """Return a function that tells which entries the table shows, in their order."""

    def read(page):
        links = page.locator("#board tbody tr:visible th a")
        return [link.get_attribute("href").partition("/")[0] for link in links.all()]

    return read


def head(page, title):
    return page.locator("#board").get_by_role("columnheader", name=title)


def test_it_is_sorted_by_task_and_rank(visit, names):
    assert names(visit(STUDY)) == ["fast", "bad", "slow", "other"]


def test_a_ranking_is_chosen_and_kept_in_the_address(visit, names):
    page = visit(STUDY)
    page.get_by_label("Rank by").select_option("error at the longest size")
    assert (names(page), page.evaluate("location.hash")) == (["bad", "fast", "slow", "other"], "#sort=rank_error")
    again = visit(f"{STUDY}#sort=rank_error")
    assert names(again) == names(page)
    assert again.get_by_label("Rank by").input_value() == "rank_error"


def test_without_a_choice_the_ranking_is_that_by_steps(visit):
    assert visit(STUDY).get_by_label("Rank by").input_value() == "rank_steps"


def test_a_click_sorts_and_another_turns_it_round(visit, names):
    page = visit(STUDY)
    button = head(page, "Steps").get_by_role("button")
    button.click()
    assert (names(page), head(page, "Steps").get_attribute("aria-sort")) == (
        ["fast", "other", "bad", "slow"],
        "ascending",
    )
    button.click()
    assert (names(page), head(page, "Steps").get_attribute("aria-sort")) == (
        ["slow", "bad", "other", "fast"],
        "descending",
    )


def test_one_column_is_sorted_at_a_time(visit):
    page = visit(STUDY)
    for title in ("Steps", "Entry"):
        head(page, title).get_by_role("button").click()
    assert page.locator("[aria-sort]").count() == 1


def test_words_are_sorted_as_words(visit, names):
    page = visit(STUDY)
    head(page, "Model").get_by_role("button").click()
    assert names(page) == ["other", "slow", "fast", "bad"]


def test_the_keyboard_sorts(visit, names):
    page = visit(STUDY)
    head(page, "Model").get_by_role("button").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert head(page, "Task").get_attribute("aria-sort") == "descending"
    assert names(page)[0] == "other"
    assert page.evaluate("document.activeElement.textContent") == "Task"


def test_fields_filter(visit, names):
    page = visit(STUDY)
    page.get_by_label("Task").select_option("copy")
    assert names(page) == ["fast", "bad", "slow"]
    page.get_by_label("Checked").select_option("reported")
    page.get_by_label("Find").fill("LSTM slow")
    assert names(page) == ["slow"]
    assert page.get_by_role("status").text_content() == "1 of 4 rows"


def test_reset_shows_all(visit, names):
    page = visit(f"{STUDY}#sort=steps&dir=desc&find=fast")
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function("document.querySelector('#status').textContent === '4 rows'")
    assert names(page) == ["fast", "bad", "slow", "other"]
    assert page.evaluate("location.hash") in ("", "#")


def test_a_deep_link_keeps_sort_and_filter(visit, names):
    page = visit(STUDY)
    page.get_by_label("Task").select_option("copy")
    for _ in range(2):
        head(page, "Steps").get_by_role("button").click()
    fragment = page.evaluate("location.hash")
    again = visit(STUDY + fragment)
    assert names(again) == names(page) == ["slow", "bad", "fast"]
    assert again.get_by_label("Task").input_value() == "copy"


@pytest.mark.parametrize("fragment", ["#sort=nothing&task=none", "#main", "#%", "#sort=__proto__&dir=up", "#="])
def test_an_address_of_nonsense_changes_nothing(visit, names, fragment):
    assert names(visit(STUDY + fragment)) == ["fast", "bad", "slow", "other"]


def test_going_back_in_the_address_is_followed(visit, names):
    page = visit(STUDY)
    page.evaluate("location.hash = '#find=other'")
    page.wait_for_function("document.querySelector('#status').textContent === '1 of 4 rows'")
    assert names(page) == ["other"]


def download(page, name):
    with page.expect_download() as caught:
        page.get_by_role("link", name=name, exact=True).click()
    return Path(caught.value.path()).read_text()


def test_downloads_are_of_the_rows_shown(visit, boards):
    page = visit(f"{STUDY}#sort=steps&task=copy&find=fast")
    expected = [without_provenance(row) for row in board_sheet(boards[0]).rows]
    rows = json.loads(download(page, "JSON"))
    assert rows == [row for row in expected if row["entry"] == "fast"]


def test_the_table_of_all_rows_is_that_of_the_file(visit, folder):
    mine, file = (
        list(csv.DictReader(io.StringIO(text)))
        for text in (download(visit(STUDY), "CSV"), (folder / "study/board.csv").read_text())
    )

    def number(text):
        try:
            return float(text)
        except ValueError:
            return text

    assert [{k: number(v) for k, v in row.items()} for row in mine] == [
        {k: number(v) for k, v in row.items()} for row in file
    ]


def test_a_report_has_the_same_table(visit):
    page = visit("report.html")
    head(page, "Steps").get_by_role("button").click()
    assert page.get_by_role("status").text_content() == "3 rows"
    assert len(json.loads(download(page, "JSON"))) == 3


def test_without_javascript_the_table_can_be_read(visit, names):
    page = visit(STUDY, java_script_enabled=False)
    assert names(page) == ["fast", "bad", "slow", "other"]
    assert not page.get_by_label("Find").is_visible()
    assert page.get_by_role("link", name="CSV").get_attribute("href") == "board.csv"
