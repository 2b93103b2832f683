"""Generalisation over training: which seeds master the longest size of the grid, and from which step on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import generalization_durations, generalizes_from, probed
from mann_bench.analysis.rows import MERGED, CellRow, Share
from mann_bench.core.sizes import size_text
from mann_bench.statistics.interval import Estimate
from mann_bench.statistics.medians import survival_median


@dataclass(frozen=True, kw_only=True)
class Generalizing:
    """The seeds that generalise, and from which step on: the Kaplan-Meier median, inf beyond the budget."""

    generalizing: Share
    from_step: Estimate
    by_seed: str


@dataclass(frozen=True, kw_only=True)
class ProbeRow(CellRow):
    """Which of the seeds of a cell master the longest `size` of the grid; it is None where nothing was probed."""

    size: str | None
    seeds: int
    found: Generalizing = field(metadata=MERGED)


def generalizing(cell: Cell) -> Generalizing | None:
    """Return the seeds of a cell that generalise; None where that was not measured over training."""
    return probe_row(cell).found if probed(cell) else None


def probe_rows(cells: Sequence[Cell]) -> list[ProbeRow]:
    """Return one row a cell whose length grid was measured over training: the seeds that generalise."""
    return [probe_row(cell) for cell in cells if probed(cell)]


def probe_row(cell: Cell) -> ProbeRow:
    """Return the row of a cell that was probed, as of `probe_rows`."""
    starts = [generalizes_from(record) for record in cell.records]
    return ProbeRow(
        **cell.columns,
        size=next((size_text(row.rows[-1].size) for r in cell.records for row in r.probe), None),
        seeds=len(starts),
        found=Generalizing(
            generalizing=Share.of(sum(start is not None for start in starts), len(starts)),
            from_step=survival_median(generalization_durations(cell)),
            by_seed="; ".join(
                f"{record.seed}: {'never' if start is None else f'{start:,}'}"
                for record, start in zip(cell.records, starts, strict=True)
            ),
        ),
    )
