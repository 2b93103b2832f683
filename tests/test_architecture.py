"""docs/architecture.md names files and functions that exist, each in the file that it is said to be in."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mann_bench"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


PLACE, NAME = re.compile(r"[\w/]+(\.py|/)"), re.compile(r"[A-Za-z_][\w.]*")


def claims():
    """Return the pairs of a file or folder and a name in it, or None for the place alone.

    A name belongs to the last place before it in its paragraph, step or row; in the table of objects, to the one after.
    """
    found = []
    for block in re.split(r"\n(?=\n|\||\d+\. )", PAGE):
        spans = re.findall(r"`([^`]+)`", block)
        place = next(filter(PLACE.fullmatch, spans), None)
        for span in spans if place else ():
            if PLACE.fullmatch(span):
                place = span
                found.append((place, None))
            elif NAME.fullmatch(span):
                found.append((place, span))
    return list(dict.fromkeys(found))


def definitions(body, prefix=""):
    """Return the names that statements define, those in classes with the name of the class before a dot."""
    names = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(prefix + node.name)
        if isinstance(node, ast.ClassDef):
            names |= definitions(node.body, f"{prefix}{node.name}.")
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names |= {prefix + target.id for target in targets if isinstance(target, ast.Name)}
    return names


def test_the_page_says_where_much_is():
    assert len(claims()) > 100


@pytest.mark.parametrize(("place", "name"), claims(), ids=str)
def test_what_the_page_names_is_where_it_says(place, name):
    path = ROOT / place if place.startswith("mann_bench/") else PACKAGE / place
    assert path.exists()
    if name:
        assert name in definitions(ast.parse(path.read_text(encoding="utf-8")).body)
