"""The page of a study: charts first, a legend that isolates, two rows side by side, and paper."""

import pytest

STUDY = "study/index.html"


@pytest.fixture
def study(visit):
    """Return a function that opens the page of the study and waits for its first chart."""

    def open_study(path=STUDY, **settings):
        page = visit(path, **settings)
        page.locator("#glance-task0 svg.chart").wait_for()
        return page

    return open_study


def test_a_small_chart_of_each_task_comes_first(study):
    page = study()
    assert page.locator("h2").first.text_content() == "At a glance"
    assert page.locator("[id^=glance-task]").count() == 2


def test_the_legend_isolates_a_line_and_gives_it_back(study):
    page = study()
    button = page.locator("#glance-legend").get_by_role("button", name="Slow")
    button.click()
    faint = page.locator("#glance-task0 svg [stroke-opacity='0.15']")
    faint.first.wait_for(state="attached")
    assert faint.count() == 2  # of three lines on copy
    page.locator("#glance-legend").get_by_role("button", name="Slow").click()
    faint.first.wait_for(state="detached")


def test_a_model_has_the_colour_of_its_own_whatever_else_is_shown(study):
    colours = []
    for path in (STUDY, f"{STUDY}#find=slow"):
        page = study(path)
        button = page.locator("#glance-legend").get_by_role("button", name="Slow")
        colours.append(button.locator("svg [stroke^=var]").first.get_attribute("stroke"))
    assert colours[0] == colours[1]


def test_two_rows_are_named_in_the_address(study):
    page = study(f"{STUDY}?compare=Fast,Slow")
    assert page.locator("#compared tbody tr").count() == 1
    assert "told apart" in page.locator("#compared tbody tr").text_content()
    assert page.locator("#board tbody tr:visible").count() == 2


def test_choosing_two_rows_keeps_them_in_the_address(study):
    page = study()
    page.locator("#compare select").first.select_option("Fast")
    page.locator("#compare select").last.select_option("Slow")
    assert page.evaluate("location.search") == "?compare=Fast%2CSlow"


def test_paper_has_all_charts(study):
    page = study()
    assert page.locator("figure svg.chart").count() < page.locator("figure").count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("figure > div svg.chart").count() == page.locator("figure").count()


def test_the_first_page_compares_two_models_and_searches(visit):
    page = visit("index.html")
    page.locator("#compare select").last.select_option("lstm:layers=2")
    assert "told apart" in page.locator("#compared tbody tr").first.text_content()
    page.locator("#search input").fill("dnc repeat")
    assert page.locator("#found tbody tr").count() == 1
    page.locator("#found").get_by_role("link", name="study").click()
    page.wait_for_url("**/study/index.html#*")
    assert page.locator("#board tbody tr:visible").count() == 1


@pytest.mark.parametrize("ranking", ["steps until convergence", "error at the longest size"])
def test_a_cell_of_the_first_page_shows_the_rank_of_the_chosen_ranking_alone(visit, ranking):
    page = visit("index.html")
    page.get_by_label("Rank by").select_option(ranking)
    cells = page.locator("#board td[data-value]").all()
    assert [cell.locator("small.rank:visible").count() for cell in cells] == [1] * len(cells)


def test_an_address_of_a_folded_cell_opens_it(visit):
    page = visit("report.html#cell1-fold")
    page.locator("#cell1-fold[open]").wait_for()
    assert page.locator("#cell0-fold[open]").count() == 0


def test_paper_has_the_charts_that_are_folded(visit):
    page = visit("report.html")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("figure > div svg.chart").count() == page.locator("figure").count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.fold[open]").count() == 0


@pytest.mark.parametrize("path", [STUDY, "study/fast/index.html"])
def test_the_model_stays_while_a_phone_scrolls_sideways(visit, path):
    page = visit(path, viewport={"width": 390, "height": 800})
    page.locator("#board").evaluate("(table) => { table.parentElement.scrollLeft = 300; }")
    head = page.locator("#board tbody th[scope=row]").first
    assert head.evaluate("(head) => head.getBoundingClientRect().left >= 0")
    assert "ntm" in head.text_content()


def test_the_head_of_a_page_overlaps_nothing_on_a_phone(visit):
    page = visit(STUDY, viewport={"width": 360, "height": 740})
    boxes = [page.locator(part).bounding_box() for part in (".project", "#theme")]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] or boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
