"""The parts of a trace that pictures of it show: their labels, the slots that are drawn, the names of heads."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

SEQUENCE = {"inputs": "input channel", "targets": "target bit", "outputs": "output bit"}
WEIGHTINGS = {"write_weightings": "slots written", "read_weightings": "slots read"}
NORM = "norm of slots"
NO_GATES = {*SEQUENCE, *WEIGHTINGS, "mask", "memory_norm", "slots"}
_ATTENDED = 0.05
"""The longest stretch of slots whose weightings all stay below this is not drawn."""


class DrawnSlots(NamedTuple):
    """The slots to draw: which rows of the arrays they are, and their numbers. They differ where memory is sparse."""

    rows: Array
    numbers: Array


def drawn_slots(arrays: Mapping[str, Array], stated: Sequence[int] | None = None) -> DrawnSlots:
    """Return the slots of a trace to draw: the attended ones, or those that are `stated`.

    Args:
        arrays: as ``mann-bench trace`` writes them; where they tell of visited slots alone, ``slots`` names these.
        stated: numbers of slots.

    Raises:
        IndexError: a slot that is stated is none that the trace tells of.
    """
    weightings = [arrays[name] for name in WEIGHTINGS]
    known = arrays.get("slots")
    if known is None:
        rows = attended_slots(*weightings) if stated is None else np.array(stated)
        return DrawnSlots(rows, rows)
    if stated is not None:
        place = {number: row for row, number in enumerate(known.tolist())}
        if missing := [number for number in stated if number not in place]:
            raise IndexError(f"slot {missing[0]} was not visited")
        return DrawnSlots(np.array([place[number] for number in stated]), np.array(stated))
    strongest = np.concatenate(weightings, axis=1).max((0, 1))
    rows = np.flatnonzero(strongest >= min(_ATTENDED, strongest.max()))
    return DrawnSlots(rows, known[rows])


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
