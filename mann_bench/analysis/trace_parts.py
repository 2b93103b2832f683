"""The parts of a trace that pictures of it show: their labels, the slots that are drawn, the names of heads."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

SEQUENCE = {"inputs": "input channel", "targets": "target bit", "outputs": "output bit"}
WEIGHTINGS = {"write_weightings": "slots written", "read_weightings": "slots read"}
NORM = "norm of slots"
NO_GATES = {*SEQUENCE, *WEIGHTINGS, "mask", "memory_norm"}
_ATTENDED = 0.05
"""The longest stretch of slots whose weightings all stay below this is not drawn."""


def attended_slots(*weightings: Array) -> Array:
    """Return the numbers of the slots to draw, in order: all on the ring but its longest unattended stretch.

    Args:
        weightings: of read and of write heads, [T, heads, N] each.
    """
    attended = np.concatenate(weightings, axis=1).max((0, 1)) > _ATTENDED
    where, count = np.flatnonzero(attended), len(attended)
    if not where.size:
        return np.arange(count)
    gaps = np.diff(where, append=where[0] + count)  # from each attended slot to the next one
    first = where[(gaps.argmax() + 1) % where.size]
    return np.arange(first, first + count - gaps.max() + 1) % count


def head_names(count: int, readers: int, writers: int) -> list[str]:
    """Name the heads of a gate that every head has; others belong to one kind of head, and are numbered."""
    if count == readers + writers:
        return [f"read {h + 1}" for h in range(readers)] + [f"write {h + 1}" for h in range(writers)]
    return [f"head {h + 1}" for h in range(count)]
