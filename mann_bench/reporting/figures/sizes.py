"""The x axis of sizes: a number each where they have one dimension, a category each where they have several."""

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator

from mann_bench.analysis.curves.lengths import LengthFigure
from mann_bench.reporting.figures.style import CHANCE, SHADE

Layout = Callable[[Axes, LengthFigure], dict[str, float]]


def numbers(axes: Axes, data: LengthFigure) -> dict[str, float]:
    """Lay sizes out by value, shade the training range, draw chance as a line; return the place of each size."""
    places = {size.text: float(*size.size.values()) for size in data.sizes}
    trained = [float(bound) for bounds in data.training_range.values() for bound in bounds]
    ends = [*places.values(), *trained]
    low, high = min(ends), max(ends)
    margin = 0.015 * (high - low) or 1.0
    if trained:
        axes.axvspan(trained[0] - margin, trained[1] + margin, color=SHADE, linewidth=0)
    known = sorted((places[size.text], size.chance) for size in data.sizes if size.chance is not None)
    axes.plot([place for place, _ in known], [chance for _, chance in known], marker="_", **CHANCE)
    axes.set_xlim(low - 2 * margin, high + 2 * margin)
    axes.xaxis.set_major_locator(FixedLocator(sorted(places.values()), nbins=12))
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    return places


def categories(axes: Axes, data: LengthFigure) -> dict[str, float]:
    """Lay sizes out in the order of the grid, shade those trained on, draw chance at each; return their places."""
    places = {size.text: float(place) for place, size in enumerate(data.sizes)}
    for place, size in enumerate(data.sizes):
        if size.in_training:
            axes.axvspan(place - 0.5, place + 0.5, color=SHADE, linewidth=0)
        if size.chance is not None:
            axes.hlines(size.chance, place - 0.45, place + 0.45, **CHANCE)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.xaxis.set_major_locator(FixedLocator(list(places.values())))
    axes.xaxis.set_major_formatter(FixedFormatter(list(places)))
    return places
