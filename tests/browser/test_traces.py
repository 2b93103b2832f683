import pytest

ENTRY = "study/other/index.html"


@pytest.fixture
def drawn(visit):
    """Return a function that opens the page and scrolls to its picture: the page, and the picture."""

    def open_page(**settings):
        page = visit(ENTRY, **settings)
        figure = page.locator("figure.trace")
        figure.scroll_into_view_if_needed()
        figure.locator(".plot > svg").first.wait_for()
        return page, figure

    return open_page


def ink(figure):
    """The colour of the last pixel of the targets, the strongest."""
    return figure.evaluate("""async (figure) => {
        const image = new Image();
        image.src = figure.querySelectorAll("image")[1].getAttribute("href");
        await image.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.width, image.height];
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        return [...context.getImageData(image.width - 1, image.height - 1, 1, 1).data];
    }""")


def test_every_panel_is_drawn_over_one_time_axis(drawn):
    _, figure = drawn()
    panels = figure.locator(".plot > svg")
    assert (panels.count(), panels.locator("image").count()) == (8, 6)
    assert len({panel.get_attribute("width") for panel in panels.all()}) == 1
    assert panels.nth(4).locator("text", has_text="slots read").count() == 1


def test_it_has_an_alternative_text(drawn):
    page, _ = drawn()
    assert page.get_by_role("img", name="What dnc on repeat_copy, seed 0, does with test sequence 0").count() == 1


def test_the_heads_have_a_legend(drawn):
    _, figure = drawn()
    assert figure.locator(".legend li").all_text_contents() == ["read 1", "write 1"]
    assert figure.locator(".legend svg path").count() == 2


def test_it_waits_until_it_is_near(visit):
    page = visit(ENTRY, viewport={"width": 1280, "height": 50})
    page.wait_for_timeout(200)
    assert page.locator("figure.trace svg").count() == 0


def test_the_ink_is_dark_on_light_and_light_on_dark(drawn):
    (light, dark) = (ink(drawn(color_scheme=scheme)[1]) for scheme in ("light", "dark"))
    assert light == [27, 31, 36, 255]
    assert dark == [231, 234, 238, 255]


def test_it_is_drawn_anew_where_the_theme_is_chosen(drawn):
    page, figure = drawn(color_scheme="light")
    page.get_by_role("button", name="Dark mode").click()
    assert ink(figure) == [231, 234, 238, 255]


def test_it_fits_a_phone(drawn):
    page, figure = drawn(viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert figure.locator(".plot > svg").first.bounding_box()["width"] <= 330
