"""Draw what a memory did during one sequence, in the manner of the papers' head plots."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mann_bench.analysis.trace_parts import NO_GATES, NORM, SEQUENCE, WEIGHTINGS, Array, drawn_slots, head_names
from mann_bench.reporting.pictures import png

_TALLEST = 50
"""Rows from which on a panel grows no taller."""


class _Image(NamedTuple):
    label: str
    rows: Array
    """[rows, T], dark where large."""
    numbers: Array
    """The number of each row."""


def trace_figure(title: str, arrays: Mapping[str, Array]) -> bytes:
    """Return a PNG: one panel above the other over time steps, dark where a value is large.

    Args:
        title: what is shown.
        arrays: as ``mann-bench trace`` writes them: inputs, targets and outputs [T, channels], and of the
            memory weightings [T, heads, N], memory_norm [T, N], gates [T, heads], and slots [N] where a memory
            tells of those it visited alone.
    """
    images = list(_images(arrays))
    gates = [name for name in arrays if name not in NO_GATES]
    heights = [0.6 + min(len(image.rows), _TALLEST) / 25 for image in images] + [0.8] * len(gates)
    figure = Figure(figsize=(8, 1 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for panel, image in zip(panels, images, strict=False):
        panel.imshow(image.rows, aspect="auto", cmap="Greys", interpolation="nearest", origin="lower", vmin=0)
        shown = range(0, len(image.numbers), max(1, len(image.numbers) // 4))
        panel.set_yticks(shown, [str(image.numbers[row]) for row in shown])
        _label(panel, image.label)
    for panel, name in zip(panels[len(images) :], gates, strict=True):
        readers, writers = (arrays[each].shape[1] for each in ("read_weightings", "write_weightings"))
        _draw_gate(panel, name, arrays[name], head_names(arrays[name].shape[1], readers, writers))
    panels[-1].set_xlabel("time step")
    figure.suptitle(title, fontsize=10, parse_math=False)
    return png(figure)


def _images(arrays: Mapping[str, Array]) -> Iterator[_Image]:
    for name, label in SEQUENCE.items():
        yield _Image(label, arrays[name].T, np.arange(arrays[name].shape[1]))
    if "memory_norm" not in arrays:
        return
    slots, numbers = drawn_slots(arrays)
    for name, label in WEIGHTINGS.items():
        for head, rows in enumerate(arrays[name].transpose(1, 2, 0)):
            several = len(arrays[name][0]) > 1
            yield _Image(f"{label}\nhead {head + 1}" if several else label, rows[slots], numbers)
    yield _Image(NORM, arrays["memory_norm"].T[slots], numbers)


def _draw_gate(panel: Axes, name: str, values: Array, heads: list[str]) -> None:
    styles = ("-", "--", ":", "-.")
    for h, head in enumerate(heads):
        panel.plot(values[:, h], styles[h % len(styles)], color="black", linewidth=1, label=head)
    if len(heads) > 1:
        panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=7, frameon=False)
    _label(panel, name.replace("_", "\n"))


def _label(panel: Axes, text: str) -> None:
    panel.set_ylabel(text, rotation=0, ha="right", va="center", fontsize=8)
    panel.tick_params(labelsize=7)
