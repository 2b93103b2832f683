"""How lines, titles and legends look in all figures."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mann_bench.analysis.curves.groups import Subject
from mann_bench.reporting.figures.wrapping import width, wrapped

Dashes = str | tuple[int, tuple[float, ...]]

# Okabe & Ito 2008, "Color Universal Design", https://jfly.uni-koeln.de/color/, without yellow, faint on white.
_COLORS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#E69F00", "#CC79A7", "#56B4E9")
_DASHES: tuple[Dashes, ...] = ("-", (0, (5, 2)), (0, (5, 1.5, 1, 1.5)), (0, (1.2, 1.2)), (0, (9, 2, 2, 2, 2, 2)))
_MARKERS = "osD^vPX*"

GREY = "0.4"
SHADE = "0.93"
SMALL, USUAL, LARGE = 8, 9, 11
"""Sizes of letters, in points."""

THRESHOLD: dict[str, Any] = {"color": GREY, "linewidth": 1.2, "linestyle": (0, (1, 1))}
CHANCE: dict[str, Any] = {"color": GREY, "linewidth": 1.2, "linestyle": (0, (7, 3))}

HOLLOW: dict[str, Any] = {"markerfacecolor": "white"}

_WIDTH = 8.0
POINTS = 72 * _WIDTH
"""Width of a figure, in inches and in points."""

_LINE = 0.185
"""Height of a line of the legend, in inches."""

_SPACING = {"handlelength": 3.0, "handletextpad": 0.8, "columnspacing": 1.5}
"""Widths around a row of a legend, in units of its letters' size."""

_LEGEND = POINTS - 18
"""Width of a legend without its border, in points."""


class LegendRow(NamedTuple):
    """A row of a legend."""

    artist: Artist
    text: str


class LineStyle(NamedTuple):
    """What tells a line from others: colour, dashes and marker, each enough alone for a few lines."""

    color: str
    dashes: Dashes
    marker: str

    @classmethod
    def of(cls, number: int) -> "LineStyle":
        """Return a style; the first 280 numbers have styles of their own."""
        return cls(_COLORS[number % len(_COLORS)], _DASHES[number % len(_DASHES)], _MARKERS[number % len(_MARKERS)])

    def options(self, **more: Any) -> dict[str, Any]:
        """Return the style as options of `Axes.plot`, with others added or replaced."""
        own = {"color": self.color, "linestyle": self.dashes, "linewidth": 1.6}
        return own | {"marker": self.marker, "markersize": 5, "markeredgewidth": 1.2} | more


def new_figure(height: float) -> Figure:
    """Return an empty figure; `height`, in inches, is that of its panels."""
    return Figure(figsize=(_WIDTH, height), layout="constrained")


def title(axes: Axes, text: str) -> None:
    """Put a title above the left end of a panel, in several lines where it is long."""
    axes.set_title(wrapped(text, LARGE, 0.85 * POINTS), loc="left", fontsize=LARGE)


def band(axes: Axes, places: Sequence[float], low: Sequence[float], high: Sequence[float], style: LineStyle) -> None:
    """Fill the area around a line lightly; its edges have the line's dashes, so that bands on one another differ."""
    axes.fill_between(places, low, high, color=style.color, alpha=0.1, linewidth=0)
    for edge in (low, high):
        axes.plot(places, edge, color=style.color, linestyle=style.dashes, linewidth=0.7, alpha=0.5)


def legend(figure: Figure, subject: Subject, rows: Sequence[LegendRow], note: str) -> None:
    """Put a legend below the panels, under a note that says what is drawn, and make the figure higher by it."""
    beside = USUAL * (_SPACING["handlelength"] + _SPACING["handletextpad"])
    texts = [wrapped(row.text, USUAL, _LEGEND - beside) for row in rows]
    note = f"{note} Protocol {subject.protocol}." if subject.protocol else note
    note = wrapped(note, SMALL, _LEGEND)
    columns = _columns(texts)
    count = math.ceil(len(texts) / columns)
    heights = [max(text.count("\n") + 1 for text in texts[row::count]) for row in range(count)]
    figure.set_figheight(figure.get_figheight() + _LINE * (sum(heights) + note.count("\n") + 2))
    made = figure.legend(
        [row.artist for row in rows], texts, loc="outside lower left", title=note, ncols=columns,
        fontsize=USUAL, title_fontsize=SMALL, alignment="left", frameon=False, **_SPACING,
    )  # fmt: skip
    made.get_title().set_color("0.25")


def _columns(texts: Sequence[str]) -> int:
    """Return how many columns of a legend fit the width of a figure."""
    longest = max(width(line, USUAL) for text in texts for line in text.split("\n"))
    spacing = USUAL * _SPACING["columnspacing"]  # which the last column does not need
    columns = int((_LEGEND + spacing) / (longest + USUAL * sum(_SPACING.values())))
    return max(min(columns, len(texts)), 1)
