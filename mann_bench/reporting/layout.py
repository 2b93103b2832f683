"""Lay rows of text out in columns, within a width where there is one. No word is ever broken."""

import re
from collections.abc import Sequence

from rich.cells import cell_len

Rows = Sequence[Sequence[str]]

MOST_LINES = 3
"""Lines that a row may take; a table that needs more is stacked."""

_INDENT = "  "
_SPACE = re.compile(r"(?<![<>])(\s+)(?!%)")  # a bound and a share keep their signs
_OPTION = re.compile(r"(?<=[,:|])(?=[A-Za-z_])")  # where a variant may be broken that is longer than a line


def natural_widths(rows: Rows) -> list[int]:
    """Return the width of each column where nothing is wrapped; all rows have as many columns."""
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def fitting_widths(rows: Rows, room: int, most_lines: int = MOST_LINES) -> list[int] | None:
    """Return a width for each column, together at most `room`, the widest being narrowed first.

    Returns: None where words are too long for that, or a row would take more than `most_lines`.
    """
    widths = natural_widths(rows)
    least = [max(map(_longest_piece, column)) for column in zip(*rows, strict=True)]
    while sum(widths) > room:
        spare = [place for place, width in enumerate(widths) if width > least[place]]
        if not spare:
            return None
        widths[max(spare, key=widths.__getitem__)] -= 1
    tallest = max((len(wrapped(text, w)) for row in rows for text, w in zip(row, widths, strict=True)), default=0)
    return widths if tallest <= most_lines else None


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width`, or of one word that is longer; a variant is broken at its options."""
    if cell_len(text) <= width:
        return [text]
    lines, line = list[str](), ""
    words = _SPACE.split(text)
    for blank, word in zip(["", *words[1::2]], words[::2], strict=True):
        if line and cell_len(line + blank + word) <= width:
            line += blank + word
            continue
        *whole, last = _options(word, width)
        lines += [*([line] if line else []), *whole]
        line = last
    return [*lines, line]


def _options(word: str, width: int) -> list[str]:
    lines = [""]
    for part in _OPTION.split(word) if cell_len(word) > width else [word]:
        if cell_len(lines[-1] + part) > width and lines[-1]:
            lines.append(part)
        else:
            lines[-1] += part
    return lines


def indented(text: str, width: int | None) -> list[str]:
    """Return a text indented, over several lines where it is longer than `width`, the later ones indented twice."""
    if width is None:
        return [_INDENT + text]
    first, *rest = wrapped(text, width - 2 * len(_INDENT))
    return [_INDENT + first, *(2 * _INDENT + line for line in rest)]


def in_columns(rows: Rows, widths: Sequence[int], gap: str, left: Sequence[bool]) -> list[list[str]]:
    """Return the lines of each row, its columns one beside the other, flush left where `left`."""

    def aligned(text: str, width: int, is_left: bool) -> str:
        blank = " " * (width - cell_len(text))
        return text + blank if is_left else blank + text

    made = []
    for row in rows:
        cells = [wrapped(text, width) for text, width in zip(row, widths, strict=True)]
        height = max(map(len, cells), default=0)
        lines = zip(*([*cell, *[""] * (height - len(cell))] for cell in cells), strict=True)
        made.append([gap.join(map(aligned, line, widths, left)).rstrip() for line in lines])
    return made


def stacked(heading: Sequence[str], rows: Rows, keys: int, width: int) -> list[list[str]]:
    """Return the lines of each row as a block: what its first `keys` columns hold, below it a line for each other."""
    titles = heading[keys:]
    longest = max(map(cell_len, titles), default=0)

    def cell(title: str, text: str) -> list[str]:
        first, *rest = wrapped(text, width - longest - 5)
        return [f"  {title}{' ' * (longest - cell_len(title))}   {first}", *(f"{' ' * (longest + 5)}{r}" for r in rest)]

    blocks = []
    for row in rows:
        cells = [cell(*each) for each in zip(titles, row[keys:], strict=True)]
        blocks.append([line.rstrip() for lines in [wrapped(", ".join(row[:keys]), width), *cells] for line in lines])
    return blocks


def _longest_piece(text: str) -> int:
    return max(cell_len(part) for word in _SPACE.split(text)[::2] for part in _OPTION.split(word))
