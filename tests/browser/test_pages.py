import pytest

PAGES = [
    *("index.html", "study/index.html", "study/fast/index.html", "study/other/index.html", "study/bad/index.html"),
    "report.html",
]
STUDY = "study/index.html"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_fault(visit, axe, path, scheme):
    # The policy of the pages keeps strangers' scripts out, the examiner's too.
    page = visit(path, color_scheme=scheme, bypass_csp=True)
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    page.wait_for_timeout(300)
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations'], preload: false})")["violations"]
    faults = [(fault["id"], fault["impact"], fault["nodes"][0]["html"][:200]) for fault in found]
    assert [fault for fault in faults if fault[1] in ("serious", "critical", "moderate")] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_phone(visit, path):
    page = visit(path, **PHONE)
    page.locator("main").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_phone_with_all_that_is_folded_open(visit, path):
    page = visit(path, **PHONE)
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_dark_mode_follows_the_system(visit):
    assert background(visit(STUDY, color_scheme="light")) == "rgb(246, 247, 249)"
    assert background(visit(STUDY, color_scheme="dark")) == "rgb(18, 21, 26)"


def test_the_theme_can_be_chosen_and_is_remembered(visit, folder):
    page = visit(STUDY, color_scheme="light")
    button = page.get_by_role("button", name="Dark mode")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert (background(page), button.get_attribute("aria-pressed")) == ("rgb(18, 21, 26)", "true")
    page.goto(f"{folder.as_uri()}/index.html")
    assert background(page) == "rgb(18, 21, 26)"


def test_the_first_tab_stop_skips_to_the_content(visit):
    page = visit(f"{STUDY}#find=fast")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert page.get_by_role("status").text_content() == "1 of 4 rows"


def test_what_has_the_focus_is_seen(visit):
    page = visit(STUDY)
    page.get_by_label("Find").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_hostile_entry_changes_nothing(visit):
    page = visit(STUDY)
    assert page.title() == "study - mann-bench leaderboard"
    assert page.get_by_role("heading", name="Leaderboard").is_visible()
    assert page.locator("#board tbody tr:visible").count() == 4
    assert all(cell.bounding_box()["width"] < 500 for cell in page.locator("#board th.words").all())


def test_a_hostile_entry_has_a_page_like_any_other(visit):
    page = visit("study/bad/index.html")
    assert page.title().startswith("</script>")
    assert page.locator("a[href^=javascript]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_way_through_the_site(visit):
    page = visit("index.html")
    page.get_by_role("link", name="study").click()
    page.get_by_role("link", name="Fast").click()
    page.get_by_role("heading", name="Fast", exact=True).wait_for()
    page.get_by_role("link", name="Leaderboards").click()
    page.get_by_role("heading", name="Leaderboards").wait_for()


def test_it_works_from_a_server_too(chromium, address):
    page, faults = chromium.new_page(), []
    page.on("console", lambda message: faults.append(message.text))
    page.goto(f"{address}/{STUDY}")
    page.locator("#task0-learning").scroll_into_view_if_needed()
    page.locator("#task0-learning svg.chart").wait_for(timeout=5_000)
    page.close()
    assert faults == []
