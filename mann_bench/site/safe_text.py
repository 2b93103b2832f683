"""Texts and data of strangers, made fit for a page."""

import json
import math
import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from mann_bench.analysis.curves.data import plain
from mann_bench.leaderboard.schema import LONGEST_NAME, LONGEST_NOTE

LONGEST_VARIANT = 160
"""Characters of a variant that tables and titles show."""

_DIGITS = 6
# Without these, which only join letters of one word, several scripts cannot be written.
_JOINERS = "\u200c\u200d"


def shown(text: str, most: int = LONGEST_NAME) -> str:
    """Return a text on one line, without control and direction characters, cut to `most` characters."""
    # Cut first: what is cut off may be very long. Of each character that stays, at most one in four is kept.
    kept = (c for c in text[: 4 * most] if c in _JOINERS or c.isspace() or unicodedata.category(c)[0] != "C")
    line = " ".join("".join(kept).split())
    whole = len(line) <= most and len(text) <= 4 * most
    return (line or "(no name)") if whole else line[: most - 1] + "…"


def shown_variant(text: str) -> str:
    """Return a variant as tables, titles and links show it."""
    return shown(text, LONGEST_VARIANT)


def safe_url(url: str | None) -> str | None:
    """Return a link of the web as it may stand in a page; None for anything else, such as ``javascript:``."""
    if not url or len(url) > LONGEST_NOTE or not re.fullmatch(r"[!-~]+", url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def linked(text: str) -> Markup:
    """Return a text of a study file with the web addresses in it as links."""
    pieces = re.split(r"(https?://[^\s<>\"]*[^\s<>\".,;:)])", text)
    link = '<a href="{0}" rel="noopener noreferrer">{0}</a>'
    return Markup("").join(
        Markup(link).format(piece) if place % 2 else escape(piece) for place, piece in enumerate(pieces)
    )


def breakable(text: str) -> Markup:
    """Return a text that may break into lines where the parts of a variant end."""
    return Markup("<wbr>").join(map(escape, re.split(r"(?<=[:=_])(?=\S)|(?<=,)(?=[a-z])", text)))


def embedded(value: Any, digits: int = _DIGITS) -> Markup:
    """Return data as JSON for a script element that is never run: numbers of so many digits, no ``<``."""
    return script_text(json.dumps(_short(plain(value), digits), separators=(",", ":"), allow_nan=False))


def script_text(json_text: str) -> Markup:
    """Return JSON as it may stand in a script element: no ``<``, which could end it."""
    return Markup(json_text.replace("<", "\\u003c"))


def short_number(value: float, digits: int = _DIGITS) -> float:
    """Return a finite number with so many digits, or whole where it is whole."""
    if value.is_integer() and abs(value) < 10**15:
        return int(value)
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _short(value: Any, digits: int) -> Any:
    if isinstance(value, float):
        return short_number(value, digits)
    if isinstance(value, dict):
        return {name: _short(each, digits) for name, each in value.items()}
    return [_short(each, digits) for each in value] if isinstance(value, list | tuple) else value
