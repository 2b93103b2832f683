"""Draw what a memory did during one sequence, in the manner of the papers' head plots."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mann_bench.reporting.pictures import png

Array = np.ndarray[Any, np.dtype[Any]]

_SEQUENCE = {"inputs": "input channel", "targets": "target bit", "outputs": "output bit"}
_WEIGHTINGS = {"write_weightings": "slots written", "read_weightings": "slots read"}
_NO_GATES = {*_SEQUENCE, *_WEIGHTINGS, "mask", "memory_norm"}
_ATTENDED = 0.05
"""The longest stretch of slots whose weightings all stay below this is not drawn."""

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
            memory weightings [T, heads, N], memory_norm [T, N] and gates [T, heads].
    """
    images = list(_images(arrays))
    gates = [name for name in arrays if name not in _NO_GATES]
    heights = [0.6 + min(len(image.rows), _TALLEST) / 25 for image in images] + [0.8] * len(gates)
    figure = Figure(figsize=(8, 1 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for panel, image in zip(panels, images, strict=False):
        panel.imshow(image.rows, aspect="auto", cmap="Greys", interpolation="nearest", origin="lower", vmin=0)
        shown = range(0, len(image.numbers), max(1, len(image.numbers) // 4))
        panel.set_yticks(shown, [str(image.numbers[row]) for row in shown])
        _label(panel, image.label)
    for panel, name in zip(panels[len(images) :], gates, strict=True):
        _draw_gate(panel, name, arrays[name], _head_names(arrays, arrays[name].shape[1]))
    panels[-1].set_xlabel("time step")
    figure.suptitle(title, fontsize=10, parse_math=False)
    return png(figure)


def _images(arrays: Mapping[str, Array]) -> Iterator[_Image]:
    for name, label in _SEQUENCE.items():
        yield _Image(label, arrays[name].T, np.arange(arrays[name].shape[1]))
    if "memory_norm" not in arrays:
        return
    weightings = np.concatenate([arrays[name] for name in _WEIGHTINGS], axis=1)  # [T, heads, N]
    slots = _attended_slots(weightings.max((0, 1)) > _ATTENDED)
    for name, label in _WEIGHTINGS.items():
        for head, rows in enumerate(arrays[name].transpose(1, 2, 0)):
            several = len(arrays[name][0]) > 1
            yield _Image(f"{label}\nhead {head + 1}" if several else label, rows[slots], slots)
    yield _Image("norm of slots", arrays["memory_norm"].T[slots], slots)


def _attended_slots(attended: Array) -> Array:
    """Return the slots to draw, in order: all on the ring but its longest unattended stretch."""
    where, count = np.flatnonzero(attended), len(attended)
    if not where.size:
        return np.arange(count)
    gaps = np.diff(where, append=where[0] + count)  # from each attended slot to the next one
    first = where[(gaps.argmax() + 1) % where.size]
    return np.arange(first, first + count - gaps.max() + 1) % count


def _head_names(arrays: Mapping[str, Array], count: int) -> list[str]:
    """Name the heads of a gate that every head has; others belong to one kind of head, and are numbered."""
    readers, writers = (arrays[name].shape[1] for name in ("read_weightings", "write_weightings"))
    if count == readers + writers:
        return [f"read {h + 1}" for h in range(readers)] + [f"write {h + 1}" for h in range(writers)]
    return [f"head {h + 1}" for h in range(count)]


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
