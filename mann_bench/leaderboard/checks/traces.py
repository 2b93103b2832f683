"""Which run of a cell an entry may hold a trace of, and what must hold in it."""

import base64
from collections.abc import Iterable, Iterator, Mapping

from mann_bench.analysis.cells import cells
from mann_bench.core.sizes import Size, size_text
from mann_bench.leaderboard.faults import FaultName, Finding
from mann_bench.leaderboard.rules import TaskRules
from mann_bench.results.problem import RecordFault
from mann_bench.results.schema import Record
from mann_bench.results.trace import MemoryTrace, Picture, RunTrace

_ROUNDING = 1e-3
"""By how much a weighting may be above 1."""


def traced_runs(records: Iterable[Record]) -> dict[str, Record]:
    """Return by key the run of each cell that may be traced: the lowest seed of those that kept weights."""
    kept = [record for record in records if record.weights_sha256 is not None]
    return {cell.records[0].key: cell.records[0] for cell in cells(kept)}


def traced_size(training_range: Mapping[str, tuple[int, int]]) -> Size:
    """Return the size that is traced: the largest that was trained on."""
    return {name: most for name, (_, most) in training_range.items()}


def check_trace(trace: RunTrace, traced: Mapping[str, Record], tasks: Mapping[str, TaskRules]) -> Iterator[Finding]:
    """Yield what is wrong with a trace.

    Args:
        trace: of an entry.
        traced: the runs of the entry that may be traced, by key.
        tasks: what the study asks of its tasks, by text.
    """
    record = traced.get(trace.key)
    if record is None:
        text = "the trace of a cell is that of the lowest seed that kept weights, and this is another run. Remove it."
        yield Finding(FaultName.WRONG_TRACE, "key", text)
        return
    if (task := tasks.get(record.task.text)) is not None and trace.size != (size := traced_size(task.training_range)):
        text = f"{size_text(trace.size)}, but the largest training size is {size_text(size)}. Submit the entry anew."
        yield Finding(FaultName.WRONG_TRACE, "size", text)
    for place, picture in trace.pictures():
        yield from _check_picture(place, picture, trace.steps)
    yield from _check_rows("targets", trace.targets, trace.outputs.shape[0])
    yield from _check_rows("mask", trace.mask, 1)
    yield from _check_share("outputs", trace.outputs)
    if trace.memory is not None:
        yield from _check_memory(trace.memory)


def _check_memory(memory: MemoryTrace) -> Iterator[Finding]:
    rows = len(memory.slots)
    if len(set(memory.slots)) < rows:
        yield Finding(FaultName.TRACE_SHAPE, "memory.slots", "a slot stands there twice. Submit the entry anew.")
    for name in ("write_weightings", "read_weightings"):
        for head, picture in enumerate(getattr(memory, name)):
            yield from _check_rows(f"memory.{name}[{head}]", picture, rows)
            yield from _check_share(f"memory.{name}[{head}]", picture)
    yield from _check_rows("memory.memory_norm", memory.memory_norm, rows)


def _check_picture(place: str, picture: Picture, steps: int) -> Iterator[Finding]:
    rows, width = picture.shape
    if width != steps:
        text = f"{width} time steps, but the inputs have {steps}. Submit the entry anew."
        yield Finding(FaultName.TRACE_SHAPE, f"{place}.shape", text)
    if _bytes(picture.data) != rows * width:
        text = f"not the base64 of {rows} times {width} bytes. Submit the entry anew."
        yield Finding(FaultName.TRACE_SHAPE, f"{place}.data", text)


def _bytes(data: str) -> int | None:
    """Return how many bytes base64 stands for; None where it is none."""
    try:
        return len(base64.b64decode(data, validate=True))
    except ValueError:
        return None


def _check_rows(place: str, picture: Picture, rows: int) -> Iterator[Finding]:
    if picture.shape[0] != rows:
        text = f"{picture.shape[0]} rows, not {rows}. Submit the entry anew."
        yield Finding(FaultName.TRACE_SHAPE, f"{place}.shape", text)


def _check_share(place: str, picture: Picture) -> Iterator[Finding]:
    if picture.minimum < 0 or picture.maximum > 1 + _ROUNDING:
        text = f"{picture.minimum:g} to {picture.maximum:g}, where only 0 to 1 can be. Submit the entry anew."
        yield Finding(RecordFault.OUT_OF_RANGE, place, text)
