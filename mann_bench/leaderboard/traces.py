"""Make the traces of an entry from kept weights, and compare one with what the weights do."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mann_bench.analysis.trace_parts import NO_GATES, WEIGHTINGS, Array, drawn_slots
from mann_bench.core.errors import StoreError
from mann_bench.execution.restore import Restored, restore
from mann_bench.execution.trace import trace_sequence
from mann_bench.leaderboard.files import LARGEST_TRACE, trace_content
from mann_bench.registry import Registry
from mann_bench.results.trace import MemoryTrace, Picture, RunTrace

TOLERANCE = 0.02
"""Share of its scale by which a value may differ on another machine; half of a 255th is rounding."""


def trace_run(registry: Registry, record_file: Path) -> RunTrace:
    """Trace a run on the first test sequence of the largest size that it was trained on.

    Args:
        registry: answers which models and tasks there are.
        record_file: its record, with the weights beside it.

    Raises:
        StoreError: the weights are missing or not the record's, or the trace is too large or not finite.
        UsageError: the model or task is installed in another version than the one that ran.
        PluginUnavailableError: the plugin that brought the model or the task cannot be used.
    """
    trace = _trace(restore(registry, record_file), None)
    if (size := len(trace_content(trace))) > LARGEST_TRACE:
        raise StoreError(f"it would have {size:,} bytes, at most {LARGEST_TRACE:,} are taken.")
    return trace


def same_trace(stated: RunTrace, restored: Restored) -> bool:
    """Tell whether a sound trace is that of a run, within `TOLERANCE` of the scale of each picture."""
    try:
        measured = _trace(restored, None if stated.memory is None else stated.memory.slots)
    except IndexError:  # a slot that the memory has not
        return False
    stated_pictures, pictures = dict(stated.pictures()), dict(measured.pictures())
    return stated_pictures.keys() == pictures.keys() and all(
        _close(stated_pictures[place], picture) for place, picture in pictures.items()
    )


def _close(stated: Picture, measured: Picture) -> bool:
    if stated.shape != measured.shape:
        return False
    span = measured.maximum - measured.minimum
    return bool(np.allclose(stated.values(), measured.values(), rtol=0, atol=TOLERANCE * span))


def _trace(restored: Restored, slots: Sequence[int] | None) -> RunTrace:
    """Trace a run; `slots` are those to show, None those that were attended to."""
    sizes = restored.task.training_sizes()
    size = {name: max(size[name] for size in sizes) for name in sizes[0]}
    arrays = trace_sequence(restored, size, 0).arrays
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise StoreError("what the model does there is not finite.")
    return RunTrace(
        schema_version=1,
        key=restored.record.key,
        size=size,
        inputs=Picture.of(arrays["inputs"].T),
        targets=Picture.of(arrays["targets"].T),
        mask=Picture.of(arrays["mask"][None]),
        outputs=Picture.of(arrays["outputs"].T),
        memory=_memory(arrays, slots) if "memory_norm" in arrays else None,
    )


def _memory(arrays: Mapping[str, Array], slots: Sequence[int] | None) -> MemoryTrace:
    shown, numbers = drawn_slots(arrays, slots)
    weightings = {name: [Picture.of(head[shown]) for head in arrays[name].transpose(1, 2, 0)] for name in WEIGHTINGS}
    return MemoryTrace(
        slots=numbers.tolist(),
        **weightings,
        memory_norm=Picture.of(arrays["memory_norm"].T[shown]),
        gates={name: Picture.of(values.T) for name, values in arrays.items() if name not in NO_GATES},
    )
