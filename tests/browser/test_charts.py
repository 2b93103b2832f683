import pytest

from mann_bench.analysis.cells import cells

STUDY = "study/index.html"


def scrolled(page):
    """Scroll through a page, so that all its charts are drawn."""
    page.evaluate("document.querySelectorAll('figure').forEach((figure) => figure.scrollIntoView())")
    for figure in page.locator("figure:visible").all():
        figure.scroll_into_view_if_needed()
        figure.locator(".plot > *").first.wait_for()
    return page


@pytest.mark.parametrize("path", [STUDY, "study/fast/index.html", "report.html"])
def test_every_chart_is_drawn(visit, path):
    page = scrolled(visit(path))
    assert page.locator("figure:visible svg.chart[role=img]").count() == page.locator("figure:visible").count() > 0


def test_charts_far_down_wait_until_they_are_near(visit):
    page = visit("report.html")
    page.locator(".plot svg").first.wait_for()
    assert page.locator(".plot svg").count() < page.locator(".plot").count()


def test_charts_show_the_rows_of_the_table(visit):
    page = visit(f"{STUDY}#find=fast")
    legends = page.locator("section[id]:visible .legend li")
    assert [item.text_content() for item in legends.all()] == ["Fast"]


def test_a_task_without_rows_has_no_charts(visit):
    page = visit(f"{STUDY}#task=copy")
    assert page.get_by_role("heading", name="copy", exact=True).is_visible()
    assert not page.get_by_role("heading", name="repeat_copy", exact=True).is_visible()


def test_a_chart_has_its_data_as_a_table(visit):
    page = scrolled(visit(STUDY))
    figure = page.locator("#task0-learning")
    figure.get_by_text("Data of this chart").click()
    figure.locator("table").wait_for()
    assert figure.locator("thead th").all_text_contents()[:2] == ["training steps", "Fast"]
    assert figure.locator("tbody tr").first.locator("th, td").all_text_contents()[:2] == ["200", "10 [10, 10]"]


def test_the_data_follow_the_filter(visit):
    page = scrolled(visit(STUDY))
    figure = page.locator("#task0-learning")
    figure.get_by_text("Data of this chart").click()
    page.get_by_label("Find").fill("slow")
    figure.locator("thead th:nth-child(2):has-text('Slow')").wait_for()
    assert figure.locator("thead th").count() == 2


def test_no_more_lines_than_can_be_told_apart_are_drawn(visit, folder, make_record):
    from mann_bench.site.report import report_page

    records = [make_record(f"ntm:memory_slots={slots}") for slots in range(10, 22)]
    (folder / "many.html").write_bytes(report_page(cells(records)))
    legend = visit("many.html").locator("#task0 .legend li")
    assert legend.count() == 9
    assert "the first 8 of the 12 rows" in legend.last.text_content()


def test_marks_of_models_of_one_colour_differ_in_shape(visit, folder, make_record):
    from mann_bench.site.report import report_page

    tasks = ["copy", *["repeat_copy"] * 7, "copy"]
    records = [make_record(f"m{number}", task) for number, task in enumerate(tasks)]
    (folder / "nine.html").write_bytes(report_page(cells(records)))
    samples = visit("nine.html").locator("#task0 .legend .sample").all()
    marks = [sample.evaluate("each => each.firstElementChild.lastElementChild.innerHTML") for sample in samples]
    assert len(marks) == len(set(marks)) == 2


def test_task_by_task_fits_a_phone(visit):
    page = visit("index.html", viewport={"width": 390, "height": 800})
    assert page.locator(".short").evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
