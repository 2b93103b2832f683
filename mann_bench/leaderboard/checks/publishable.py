"""Which text an entry may hold: nothing that a page or a terminal could take for more than text."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from mann_bench.leaderboard.checks.names import check_seen
from mann_bench.leaderboard.faults import FaultName, Finding
from mann_bench.results.problem import RecordFault
from mann_bench.results.text_rules import LONGEST_TEXT, unshown

LONGEST_URL = 300
LONGEST_ERROR = 20_000
"""Characters of a traceback."""

MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
"""What begins a tag, a comment or a declaration in HTML."""

ABSOLUTE_PATH = re.compile(
    r"(?<=[\"'])(?:~?/|[A-Za-z]:\\)[^\"'\n]*[/\\]"  # in quotes, where a folder's name may have spaces
    r"|(?<![\w.:/<])(?:~?/(?:[^/\s\"'<>:]+/)+|[A-Za-z]:\\(?:[^\\\s\"'<>:]+\\)*)"
)
"""The folders of an absolute path, the part of it that is private. Addresses such as https://a/b have none."""

_LINE_BREAKS = "\n\t"

REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.+!_-]*")
"""What pip takes for one distribution in one version, and for nothing else."""


def check_text(place: str, text: str, longest: int, lines: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with a text; `lines` tells whether it may have several."""
    if len(text) > longest:
        yield Finding(RecordFault.TOO_LONG, place, f"{len(text):,} characters, at most {longest:,}. Shorten it.")
        return
    if bad := unshown(text, but=_LINE_BREAKS if lines else ""):
        yield Finding(RecordFault.CONTROL_CHARACTER, place, f"it holds {bad}. Remove it.")
    if MARKUP.search(text):
        yield Finding(FaultName.MARKUP, place, "it holds '<' as tags begin. Write plain text, with a space after '<'.")


def check_url(place: str, url: str) -> Iterator[Finding]:
    """Yield what is wrong with an address that pages are to link to."""
    if len(url) > LONGEST_URL:
        yield Finding(RecordFault.TOO_LONG, place, f"{len(url):,} characters, at most {LONGEST_URL}. Shorten it.")
        return
    parts = unquote(url).replace("\\", "/")
    if ".." in parts.split("/") or re.match(r"/|~|[A-Za-z]:/|file:", parts):
        yield Finding(FaultName.UNSAFE_PATH, place, f"{url!r} leads through folders. Give an https address.")
    elif not _is_https(url):
        yield Finding(FaultName.UNSAFE_URL, place, f"{url!r} is no plain https address. Give one, as https://a.org/b.")


def check_strings(value: Any, place: str = "") -> Iterator[Finding]:
    """Yield what is wrong with the keys and texts of a record, as plain data; its traceback may be long."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from check_strings(key, f"{place}.{key[:40]}".removeprefix(".") if place else key[:40])
            yield from check_strings(inner, f"{place}.{key[:40]}" if place else key[:40])
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from check_strings(inner, f"{place}[{index}]")
    elif isinstance(value, str):
        traceback = place == "error"
        yield from check_text(place, value, LONGEST_ERROR if traceback else LONGEST_TEXT, lines=traceback)
        if not traceback:
            yield from check_seen(place, value)
        if found := ABSOLUTE_PATH.search(value):
            text = (
                f"it holds the absolute path {found[0]!r}. Submit with mann-bench leaderboard submit, which strips it."
            )
            yield Finding(FaultName.PRIVATE, place, text)


def _is_https(url: str) -> bool:
    if not re.fullmatch(r"https://[!#$%&()*+,\-./:;=?@\[\]_~0-9A-Za-z]+", url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and "." in str(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
