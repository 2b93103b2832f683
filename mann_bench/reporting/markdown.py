"""Write tables as Markdown, in which the words of strangers mean nothing."""

import re
from collections.abc import Iterable

from mann_bench.core.message_text import printable
from mann_bench.reporting.tables.table import Table, reads_as_text

_MARKUP = re.compile(
    r"[\\`*|~$]"  # escapes, code, emphasis, cells, strikethrough and formulas
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word means nothing
    r"|\](?=[(\[:])"  # links and images
    r"|<(?=[A-Za-z/!?])|&(?=#?\w+;)"  # HTML
)


def markdown(table: Table) -> str:
    """Return a table with its title above it and its notes below it."""
    rule = [":--" if reads_as_text(column) else "--:" for column in table.columns]
    lines = [f"**{escaped(table.title)}**", "", line(table.columns), f"| {' | '.join(rule)} |", *map(line, table.rows)]
    return "\n".join([*lines, "", *(f"- {escaped(note)}" for note in table.notes)]) + "\n"


def line(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(map(escaped, cells))} |"


def escaped(text: str) -> str:
    """Return a text on one line in which no character means anything to Markdown, unless a line begins with it."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", " ".join(printable(text).split()))


def fenced(text: str) -> list[str]:
    """Return the lines of a block that shows a text as it is."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", printable(text), fence]
