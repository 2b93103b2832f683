"""Take the pictures of pages that docs/leaderboard.md shows, from the committed pages.

    .venv/bin/python docs/pictures.py

It needs Chromium, and playwright, which the development environment has.
"""

import io
import shutil
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parent
SITE = DOCS.parent / "leaderboards" / "site"
WIDTH = 1440
MARGIN = 16
BOX = "(part) => { const box = part.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; }"
COLOURS = 128


class Picture(NamedTuple):
    """A picture: its file, the folder of its page and what its address ends in, and from which part to which it shows.

    `traces` are the titles of the traces that are shown alone; None where a page has none to choose from.
    """

    file: str
    page: str
    shown: str
    parts: tuple[str, str]
    traces: tuple[str, ...] | None = None


PICTURES = [
    Picture(
        "leaderboard-study.png", "collier-beel-2018", "#task=copy:layout=collier2018",
        ("#board-title", "#board-title ~ .downloads"),
    ),
    Picture(
        "leaderboard-entry.png", "collier-beel-2018/*", "",
        ("figure.trace:visible >> nth=0", "figure.trace:visible >> nth=1"),
        ("ntm on copy:layout=collier2018", "ntm:memory_init=learned on copy:layout=collier2018"),
    ),
]  # fmt: skip


def main() -> None:
    """Take every picture."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("no Chromium: apt-get install chromium")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for picture in PICTURES:
            page = browser.new_page(viewport={"width": WIDTH, "height": 1_000}, color_scheme="light")
            (folder,) = (path.parent for path in SITE.glob(f"{picture.page}/index.html"))
            page.goto((folder / "index.html").as_uri() + picture.shown)
            (DOCS / picture.file).write_bytes(taken(page, picture))
            print(DOCS / picture.file)
        browser.close()


def taken(page: Page, picture: Picture) -> bytes:
    """Return a picture as PNG of few colours."""
    if picture.traces is not None:
        page.evaluate(
            """(titles) => {
                document.getElementById("traces").open = true;
                for (const figure of document.querySelectorAll("figure.trace")) {
                    figure.hidden = !titles.includes(figure.querySelector("h3").textContent);
                }
            }""",
            list(picture.traces),
        )
    first, last = (page.locator(part) for part in picture.parts)
    for part in (last, first):
        part.scroll_into_view_if_needed()
        page.wait_for_timeout(500)  # charts are drawn when they are near
    page.evaluate("scrollTo(0, 0)")
    (left, top, _, _), (_, _, right, bottom) = (part.evaluate(BOX) for part in (first, last))
    clip = {
        "x": left - MARGIN,
        "y": top - MARGIN,
        "width": right - left + 2 * MARGIN,
        "height": bottom - top + 2 * MARGIN,
    }
    image = Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip)))
    packed = io.BytesIO()
    image.convert("RGB").quantize(COLOURS).save(packed, "PNG", optimize=True)
    return packed.getvalue()


if __name__ == "__main__":
    main()
