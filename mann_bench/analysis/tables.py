"""The rows of every table over seeds."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.convergence import convergence_rows
from mann_bench.analysis.generalization import generalization_rows
from mann_bench.analysis.probe import probe_rows
from mann_bench.analysis.rows import CellRow


def table_rows(cells: Sequence[Cell]) -> dict[str, Sequence[CellRow]]:
    """Return the rows of every table over seeds by its name, empty where there is nothing to tell."""
    return {
        "convergence": convergence_rows(cells),
        "probe": probe_rows(cells),
        "generalization": generalization_rows(cells),
    }
