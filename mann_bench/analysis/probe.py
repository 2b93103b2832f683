"""Generalisation over training: which seeds master the longest size of the grid, and from which step on."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import generalization_durations, generalizes_from, probed
from mann_bench.analysis.rows import Row, estimate_row, share_row
from mann_bench.core.sizes import size_text
from mann_bench.statistics.bootstrap import survival_median


def probe_rows(cells: Sequence[Cell]) -> list[Row]:
    """Return one row a cell whose length grid was measured over training: the seeds that generalise."""
    return [probe_row(cell) for cell in cells if probed(cell)]


def probe_row(cell: Cell) -> Row:
    """Return the row of a cell that was probed, as of `probe_rows`."""
    starts = [generalizes_from(record) for record in cell.records]
    return {
        "task": cell.task,
        "model": cell.model,
        "protocol": cell.protocol,
        "origin": cell.origin,
        "size": next((size_text(row.rows[-1].size) for r in cell.records for row in r.probe), None),
        "seeds": len(starts),
        **share_row("generalizing", sum(start is not None for start in starts), len(starts)),
        **estimate_row("from_step", survival_median(generalization_durations(cell))),
        "by_seed": "; ".join(
            f"{record.seed}: {'never' if start is None else f'{start:,}'}"
            for record, start in zip(cell.records, starts, strict=True)
        ),
    }
