import html.parser
from typing import NamedTuple

import pytest

from mann_bench.leaderboard.schema import Badge
from mann_bench.site.board import Board, BoardEntry, ClaimLine


class Element(NamedTuple):
    name: str
    attributes: dict[str, str | None]
    text: list[str]

    @property
    def words(self):
        return " ".join("".join(self.text).split())


class _Parser(html.parser.HTMLParser):
    """Collects elements, and puts text into all that are open."""

    VOID = ("meta", "link", "input", "wbr", "br")

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.open = []

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in self.VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(Element(tag, dict(attrs), []))

    def handle_endtag(self, tag):
        assert self.open[-1].name == tag, f"{tag} closes {self.open[-1].name}"
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element.text.append(data)


@pytest.fixture
def elements():
    """Return a function that parses a page, strictly nested, and returns its elements of a name."""

    def parse(content, name=None):
        parser = _Parser()
        parser.feed(content.decode())
        assert parser.open == []
        return [element for element in parser.elements if name in (None, element.name)]

    return parse


@pytest.fixture
def make_entry(make_record):
    """Return a function that makes an entry; `at` are the steps of convergence by seed."""

    def make(identifier="one", at=(400, 600, None), model="ntm", task="copy", records=None, **fields):
        records = records or [make_record(model, task, seed, step) for seed, step in enumerate(at)]
        given = {"name": identifier.title(), "url": None, "note": None, "badge": Badge.REPORTED} | fields
        return BoardEntry(identifier=identifier, records=records, **given)

    return make


@pytest.fixture
def make_board(make_entry):
    """Return a function that makes a board of entries, of one by default."""

    def make(*entries, name="study", claims=()):
        return Board(name, "A study.", None, entries or (make_entry(),), claims)

    return make


@pytest.fixture
def claim():
    return ClaimLine(
        "faster", "It is <faster>.", "Who, https://example.org/x.", "3.5", "2 to 6", None, 3, "undecided", "why"
    )
