"""Records of runs that nobody did, made of the committed ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mann_bench.analysis.cells import Cell, cells
from mann_bench.leaderboard.files import LoadedEntry, entry_folders, load_entry
from mann_bench.results.schema import Record

STUDY = "collier-beel-2018-short"
"""All of it is of one protocol, as the made-up records are."""


def committed_entries() -> list[LoadedEntry]:
    """Return the committed entries of that study."""
    root = Path(__file__).parents[1] / "leaderboards"
    return [load_entry(folder) for folder in entry_folders(root, STUDY)]


def committed_cells() -> list[Cell]:
    """Return the cells of those entries."""
    return [cell for entry in committed_entries() for cell in cells(entry.records)]


def again(records: Sequence[Record], seed: int, number: int) -> Record:
    """Return a record as of another seed and entry."""
    return records[seed % len(records)].model_copy(update={"seed": seed, "key": f"{number:032x}{seed:032x}"})


def varied(record: Record, factor: float) -> Record:
    """Return a record with other scores and seconds: pages write what recurs once."""

    def rows(given: Sequence[Any]) -> list[Any]:
        return [row.model_copy(update={"scores": {n: v * factor for n, v in row.scores.items()}}) for row in given]

    seconds = record.seconds.model_copy(update={"training": record.seconds.training * factor})
    changed = {"curve": rows(record.curve), "generalization": rows(record.generalization), "seconds": seconds}
    return record.model_copy(update=changed)
