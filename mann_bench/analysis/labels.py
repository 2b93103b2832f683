"""How cells are named, the same in every table, figure and page."""

from collections import Counter
from collections.abc import Sequence

from mann_bench.analysis.cells import Cell


def cell_labels(cells: Sequence[Cell]) -> list[str]:
    """Name each cell by its model, and by its protocol or its origin where that is what tells cells apart."""
    several = len({cell.protocol for cell in cells}) > 1
    labels = [f"{cell.model} ({cell.protocol})" if several else cell.model for cell in cells]
    named = Counter((cell.task, label) for cell, label in zip(cells, labels, strict=True))
    return [
        f"{label} [{cell.origin}]" if named[cell.task, label] > 1 else label
        for cell, label in zip(cells, labels, strict=True)
    ]


def with_protocol(name: str, cell: Cell, cells: Sequence[Cell]) -> str:
    """Add the protocol of a cell to a name where `cells` has several."""
    return f"{name} ({cell.protocol})" if len({each.protocol for each in cells}) > 1 else name
