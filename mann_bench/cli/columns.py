"""Rows of text in columns, which fit the terminal where there is one."""

import shutil
import sys
from collections.abc import Sequence

from mann_bench.reporting.layout import fitting_widths, in_columns, natural_widths, stacked, wrapped

_GAP = "  "
_INDENT = "  "
_MOST_LINES = 6
"""Lines that a row of a table may take: its last column is often a sentence."""


def terminal_width() -> int | None:
    """Return the columns of the terminal that standard output is, or None: files and programs get lines of any length.

    ``COLUMNS`` goes before what the terminal says of itself.
    """
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def prose(text: str) -> str:
    """Return a text whose lines fit the terminal where there is one; what goes on in a new line is indented."""
    width = terminal_width()
    if width is None:
        return text
    return "\n".join(part for line in text.splitlines() for part in _filled(line, width))


def aligned(rows: Sequence[Sequence[str]], headed: bool = False, indent: str = "") -> list[str]:
    """Return a line a row, or several where the terminal is narrow, with the columns one below the other.

    Args:
        rows: all have as many columns.
        headed: whether the first row is a heading. Where a terminal is too narrow for columns, each row is then a
            block below its first cell.
        indent: stands before each line.
    """
    return [indent + line for lines in aligned_rows(rows, headed, len(indent)) for line in lines]


def aligned_rows(rows: Sequence[Sequence[str]], headed: bool = False, taken: int = 0) -> list[list[str]]:
    """Return the lines of each row, as of `aligned`, where so many columns of the terminal are `taken`."""
    width, lefts = terminal_width(), [True] * len(rows[0]) if rows else []
    if width is None:
        return in_columns(rows, natural_widths(rows), _GAP, lefts)
    room = width - taken
    widths = fitting_widths(rows, room - len(_GAP) * (len(lefts) - 1), _MOST_LINES if headed else sys.maxsize)
    if widths is None and headed:
        return [[], *stacked(rows[0], rows[1:], 1, room)]
    return in_columns(rows, widths or natural_widths(rows), _GAP, lefts)


def _filled(line: str, width: int) -> list[str]:
    before = line[: len(line) - len(line.lstrip())]
    if len(line) <= width:
        return [line]
    first, *rest = wrapped(line.lstrip(), width - len(before + _INDENT))
    return [before + first, *(before + _INDENT + part for part in rest)]
