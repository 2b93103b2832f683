import html.parser
from typing import NamedTuple

import pytest

from mann_bench.site.board import Board
from mann_bench.studies.claims import ClaimResult, Verdict
from mann_bench.studies.schema import Claim


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
def make_entry(make_record, make_loaded):
    """Return a function that makes an entry; `at` are the steps of convergence by seed."""

    def make(identifier="one", at=(400, 600, None), model="ntm", task="copy", records=None, **fields):
        records = records or [make_record(model, task, seed, step) for seed, step in enumerate(at)]
        return make_loaded(identifier, records, **fields)

    return make


@pytest.fixture
def make_board(make_entry):
    """Return a function that makes a board of entries, of one by default."""

    def make(*entries, name="study", claims=()):
        return Board(name, "A study.", None, entries or (make_entry(),), claims)

    return make


@pytest.fixture
def claim():
    given = {"name": "faster", "statement": "It is <faster>.", "source": "Who, https://example.org/x."}
    about = {"metric": "convergence", "model": "ntm", "tasks": ["copy"]}
    claim = Claim(**given, **about, published=3.5, at_least=2.0, at_most=6.0)
    return ClaimResult(claim, None, 3, Verdict.UNDECIDED, "why")
