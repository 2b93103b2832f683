"""The axes that figures share: errors, training steps."""

import math
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from mann_bench.analysis.curves.groups import Subject
from mann_bench.reporting.figures.style import GREY, SMALL, USUAL
from mann_bench.reporting.naming import SCORE_WORDS

_OFF_THE_AXIS = 1e30
_NUMBERS = FuncFormatter(lambda x, _: f"{x:,.0f}")


def score_words(subject: Subject) -> str:
    """Return the unit of a subject's score."""
    return SCORE_WORDS.get(subject.metric, subject.metric)


def drawn(scores: Iterable[float], floor: float) -> list[float]:
    """Return where scores are drawn: what is less at the floor, what is infinite above every axis."""
    return [float(score) for score in np.clip(list(scores), floor, _OFF_THE_AXIS)]


def score_axis(axes: Axes, floor: float, scores: Iterable[float]) -> None:
    """Make the y axis logarithmic, over all finite scores; where some reach the floor, it ends there and says so."""
    finite = [score for score in scores if score < _OFF_THE_AXIS] or [1.0]
    reached = min(finite) <= floor
    low = floor if reached else 10.0 ** math.floor(math.log10(min(finite)))
    high = max(*finite, low) * 1.6
    axes.set_yscale("log")
    axes.set_ylim(low / (high / low) ** 0.02, high)
    axes.yaxis.set_major_locator(FixedLocator(_ticks(low, high)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"≤ {y:g}" if reached and y == low else f"{y:,g}"))
    plain(axes)


def step_axis(axes: Axes, last: float, most: int = 8) -> None:
    """Make the x axis one of training steps from 0 to `last`, with at most so many ticks."""
    axes.set_xlim(0, max(last, 1) * 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(most, integer=True))
    axes.xaxis.set_major_formatter(_NUMBERS)
    plain(axes)


def sequence_axis(axes: Axes, batch_size: int) -> None:
    """Put an axis of training sequences above one of training steps."""
    above = axes.secondary_xaxis(
        "top", functions=(lambda x: np.multiply(x, batch_size), lambda x: np.divide(x, batch_size))
    )
    above.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    above.xaxis.set_major_formatter(_NUMBERS)
    above.set_xlabel("training sequences", fontsize=USUAL, color=GREY)
    above.tick_params(labelsize=SMALL, labelcolor=GREY, color=GREY)
    above.spines["top"].set_color(GREY)


def plain(axes: Axes) -> None:
    """Leave out what carries nothing, and rule the panel lightly."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.88", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=USUAL)


def _ticks(low: float, high: float) -> list[float]:
    """Return powers of ten, seven at most, and where they are few, twice and five times them too."""
    powers = range(round(math.log10(low)), math.ceil(math.log10(high)))
    factors = (1, 2, 5) if high / low < 300 else (1,)
    ticks = [factor * 10.0**power for power in powers[:: len(powers) // 8 + 1] for factor in factors]
    return [tick for tick in ticks if tick < high]
