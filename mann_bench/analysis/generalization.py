"""Length generalisation: scores on the test stream at every size of the grid, medians over the seeds of a cell."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import beyond_capacity, of_sequences, scores_at, sequences_estimate, test_sizes
from mann_bench.analysis.rows import CellRow
from mann_bench.core.sizes import Size, size_text
from mann_bench.results.schema import Record
from mann_bench.statistics.interval import Estimate
from mann_bench.statistics.medians import curve_estimates

_COLUMNS = {"task", "model", "protocol", "origin", "size", "seeds", "tested", "sequences", "beyond_capacity"}
_ENDINGS = ("_median", "_low", "_high", "_interval")


@dataclass(frozen=True, kw_only=True)
class GeneralizationRow(CellRow):
    """The scores of a cell at one size of the length grid.

    Attributes:
        dimensions: the numbers of the size, but those whose name belongs to another column.
        tested: how many of the seeds could be tested.
        beyond_capacity: whether there are more rows to remember than the memory has slots.
        scores: the median of each over seeds; inf where that is of a run that could not be tested.
    """

    size: str
    dimensions: Mapping[str, int]
    seeds: int
    tested: int
    sequences: int
    beyond_capacity: bool
    scores: Mapping[str, Estimate]


def generalization_rows(cells: Sequence[Cell]) -> list[GeneralizationRow]:
    """Return one row a cell and size of the length grid: of each score the median over seeds.

    A run that could not be tested counts as worse than any.
    """
    return [row for cell in cells for row in size_rows(cell)]


def size_rows(cell: Cell, shown: Collection[str] | None = None) -> list[GeneralizationRow]:
    """Return a row a size, with the scores that are shown, or all."""
    tested = [record for record in cell.records if record.generalization]
    if not tested:
        return []
    sizes, first = test_sizes(cell), tested[0].generalization[0]
    names = [name for name in first.scores if shown is None or name in shown]
    estimates = {name: _estimates(tested, cell, sizes, name) for name in names}
    return [
        GeneralizationRow(
            **cell.columns,
            size=size_text(size),
            dimensions=_dimensions(size),
            seeds=len(cell.records),
            tested=len(tested),
            sequences=first.sequences,
            beyond_capacity=any(beyond_capacity(record, size) for record in tested),
            scores={name: of_sizes[place] for name, of_sizes in estimates.items()},
        )
        for place, size in enumerate(sizes)
    ]


def _estimates(tested: Sequence[Record], cell: Cell, sizes: Sequence[Size], score: str) -> list[Estimate]:
    """Return a score at each size: over seeds, or where no model has a part in it, over the sequences."""
    if of_sequences(score, (row for record in tested for row in record.generalization)):
        rows = [[row for record in tested for row in record.generalization if row.size == size] for size in sizes]
        return [sequences_estimate(score, of_size) for of_size in rows]
    return curve_estimates([scores_at(record, sizes, score) for record in cell.records])


def _dimensions(size: Size) -> dict[str, int]:
    return {name: value for name, value in size.items() if not (name in _COLUMNS or name.endswith(_ENDINGS))}
