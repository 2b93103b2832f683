"""How long runs will take, judged by what earlier runs took on the same machine."""

import contextlib
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mann_bench.core.errors import StoreError
from mann_bench.core.runs import Run
from mann_bench.execution.plan import CellName, by_cell
from mann_bench.results.schema import Record
from mann_bench.results.store import load_record, record_files

Seconds = float


def earlier_records(out: Path, device_name: str) -> list[Record]:
    """Return the records under `out` of runs on the named CPU or GPU; what cannot be read is left out."""
    records = []
    with contextlib.suppress(StoreError):  # none yet
        for file in record_files(out):
            with contextlib.suppress(StoreError):
                records.append(load_record(file))
    return [record for record in records if record.provenance.device_name == device_name]


def seconds_of_cells(runs: Iterable[Run], earlier: Sequence[Record]) -> dict[CellName, Seconds | None]:
    """Return for each cell of `runs` how long they take one after the other; None where no earlier run tells.

    A step is taken to last as long as it did in runs of the same variants, or where there are none of the same
    model and task: training and evaluation, median over runs. A run does as many steps as those of its own cell
    did, median again, or else all that its budget allows.
    """
    found: dict[CellName, Seconds | None] = {}
    for cell, planned in by_cell(runs).items():
        each = _seconds_of_run(planned[0], earlier)
        found[cell] = None if each is None else each * len(planned)
    return found


def seconds_in_parallel(cells: Mapping[CellName, Seconds | None], workers: int) -> Seconds:
    """Return how long the cells of which something is known take when `workers` share their runs."""
    return math.fsum(seconds for seconds in cells.values() if seconds is not None) / workers


def _seconds_of_run(run: Run, earlier: Sequence[Record]) -> Seconds | None:
    trained = [record for record in earlier if record.steps]
    named = [record for record in trained if (record.model.name, record.task.name) == (run.model.name, run.task.name)]
    same = [record for record in named if (record.model.text, record.task.text) == (run.model.text, run.task.text)]
    if not named:
        return None
    a_step = statistics.median((r.seconds.training + r.seconds.evaluation) / r.steps for r in same or named)
    steps = [record.steps for record in same if record.protocol.text == run.protocol_text]
    return a_step * (statistics.median(steps) if steps else run.protocol.max_steps)
