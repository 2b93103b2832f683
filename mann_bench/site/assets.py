"""The scripts and styles of the pages: as files that pages link to, or inside a page that stands alone."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from markupsafe import Markup

FOLDER = "assets"
_STYLE = "site.css"
_FIRST = "theme.js"
_VENDORED = ("vendor/d3-7.9.0", "vendor/plot-0.6.17")
_TABLE = "table.js"
_CHARTS = ("vendor/d3-7.9.0.min.js", "vendor/plot-0.6.17.umd.min.js", "chart.js")
_SCRIPTS = (*_CHARTS, _TABLE)
TRACES = "traces.js"
FRONT = "front.js"
COMPARE = "compare.js"
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "


class Assets(NamedTuple):
    """How a page comes by its scripts and styles.

    Attributes:
        policy: the Content-Security-Policy of the page: nothing else is loaded or run, and no request leaves it.
        head, tail: what stands in its head and at its end.
    """

    policy: str
    head: Markup
    tail: Markup


def asset_links(root: str, *, charts: bool = False, table: bool = False, more: Sequence[str] = ()) -> Assets:
    """Return links to files beside the pages of a site.

    Args:
        root: the way to the root of the site, such as ``../``.
        charts: whether the page has charts.
        table: whether it has a table to sort.
        more: scripts of its own, such as `TRACES`.
    """
    # To browsers that follow the standard to the letter, a page on a USB stick has no origin that 'self' could match.
    policy = _POLICY + "script-src 'self' file:; style-src 'self' file:"
    parts = [Markup('<link rel="stylesheet" href="{}">').format(f"{root}{FOLDER}/{_STYLE}")]
    parts.append(Markup('<script src="{}"></script>').format(f"{root}{FOLDER}/{_FIRST}"))
    for name in (*(_CHARTS if charts else ()), *([_TABLE] if table else []), *more):
        parts.append(Markup('<script defer src="{}"></script>').format(f"{root}{FOLDER}/{name}"))
    return Assets(policy, Markup("\n").join(parts), Markup())


def inline_assets() -> Assets:
    """Return the scripts and styles themselves, for a page that stands alone; it has no traces."""
    style, first, scripts = _text(_STYLE), _text(_FIRST), [_script(name) for name in _SCRIPTS]
    allowed = " ".join(map(_digest, (first, *scripts)))
    return Assets(
        f"{_POLICY}script-src {allowed}; style-src {_digest(style)}",
        Markup(f"<style>{style}</style>\n<script>{first}</script>"),
        Markup("\n".join(f"<script>{script}</script>" for script in scripts)),
    )


def asset_files() -> dict[str, bytes]:
    """Return the files that pages of a site link to, and the licences of those that come from elsewhere."""
    licences = [f"{stem}.LICENSE.txt" for stem in _VENDORED]
    return {
        f"{FOLDER}/{name}": _text(name).encode()
        for name in (_STYLE, _FIRST, *_SCRIPTS, TRACES, FRONT, COMPARE, *licences)
    }


def _script(name: str) -> str:
    """Return a script, after its licence where it comes from elsewhere."""
    for stem in _VENDORED:
        if name.startswith(stem):
            return f"/*\n{_text(f'{stem}.LICENSE.txt')}*/\n{_text(name)}"
    return _text(name)


@cache
def _text(name: str) -> str:
    return files("mann_bench.site").joinpath(FOLDER, *name.split("/")).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
