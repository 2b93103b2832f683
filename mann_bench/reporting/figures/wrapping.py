"""Words that figures share, how wide text is, and where it breaks into lines."""

import re

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from mann_bench.core.message_text import counted

_LONGEST_PIECE = 40


def seeds(count: int) -> str:
    """Return ``1 seed`` or ``5 seeds``."""
    return counted(count, "seed")


def width(text: str, size: float) -> float:
    """Return the width of a line, in points, where letters have a size, in points."""
    wide, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)
    return float(wide)


def wrapped(text: str, size: float, points: float) -> str:
    """Break a text into lines that are no wider, after commas and spaces, or in long words anywhere."""
    lines = [""]
    for piece in re.findall(rf"[^ ,]{{0,{_LONGEST_PIECE}}}[ ,]|[^ ,]{{1,{_LONGEST_PIECE}}}", text):
        if lines[-1] and width(lines[-1] + piece.rstrip(), size) > points:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)
