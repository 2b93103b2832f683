"""Take what is private out of a record: folders, host and user names."""

import contextlib
import getpass
import platform
import re

from mann_bench.core.message_text import printable
from mann_bench.leaderboard.checks.publishable import ABSOLUTE_PATH, LONGEST_ERROR, MARKUP
from mann_bench.results.schema import Record


def without_private(record: Record) -> Record:
    """Return the record as it may be published.

    Of a traceback the names of files and the exception stay; folders go, and the names of this machine and user.
    What a terminal might obey, such as its colours, becomes escapes.
    What the key is made of stays as it is.
    """
    names = _private_names()
    provenance = record.provenance.model_copy(update={"os": _without(record.provenance.os, names)})
    error = record.error
    if error is not None:
        # What begins like a tag, as <module> in tracebacks, is set apart.
        error = MARKUP.sub("< ", _without(ABSOLUTE_PATH.sub("", printable(error)), names))[-LONGEST_ERROR:]
    return record.model_copy(update={"error": error, "provenance": provenance})


def _private_names() -> dict[str, str]:
    """Return the names of this machine and user, each with what stands for it."""
    names = {platform.node(): "(host)"}
    with contextlib.suppress(OSError, KeyError, ImportError):
        names[getpass.getuser()] = "(user)"
    return {name: word for name, word in names.items() if name}


def _without(text: str, names: dict[str, str]) -> str:
    for name, word in names.items():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", word, text)
    return text
