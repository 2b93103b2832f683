"""The size of a sequence, by name: ``{"length": 20}`` or ``{"length": 10, "repeats": 20}``."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from typing import NamedTuple

Size = Mapping[str, int]


class GridPoint(NamedTuple):
    """What a task states about one size of its length grid: the scores by chance and the rows it takes to remember."""

    size: Size
    chance: dict[str, float]
    rows_to_remember: int | None


def size_text(size: Size) -> str:
    """Return ``20`` for one dimension and ``10x20`` for two, in the order in which the task names them."""
    return "x".join(str(value) for value in size.values())


def size_index(size: Size) -> int:
    """Return the stream index at which sequences of this size are drawn: by value, never by position."""
    text = json.dumps(dict(size), sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def greatest_size(sizes: list[Size]) -> Size | None:
    """Return the size that is the greatest in every dimension; None where there is none."""
    greatest = {name: max(size[name] for size in sizes) for name in sizes[0]}
    return next((size for size in sizes if dict(size) == greatest), None)


def spread(total: int, sizes: list[Size]) -> list[tuple[Size, int]]:
    """Share `total` sequences out over `sizes` as evenly as integers allow; sizes left with none drop out.

    Where there are fewer sequences than sizes, the sizes that get one are evenly spaced.
    """
    bounds = [total * i // len(sizes) for i in range(len(sizes) + 1)]
    counts = [high - low for low, high in itertools.pairwise(bounds)]
    return [(size, count) for size, count in zip(sizes, counts, strict=True) if count]
