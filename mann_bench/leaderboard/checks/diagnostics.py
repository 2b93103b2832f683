"""Check what a record says about its memory and its gradients: each number has a range."""

import math
from collections.abc import Iterator, Mapping

from mann_bench.core.plugin_code import OWN_DISTRIBUTION
from mann_bench.leaderboard.faults import Finding
from mann_bench.results.problem import RecordFault
from mann_bench.results.schema import ComponentRecord, Record

Range = tuple[float, float]

_SHARE: Range = (0.0, 1.0)
_POSITIVE: Range = (0.0, math.inf)

_OWN: Mapping[str, Range] = {
    "key_strength": _POSITIVE,
    "sharpening": (1.0, math.inf),
    "interpolation_gate": _SHARE,
    "free_gate": _SHARE,
    "allocation_gate": _SHARE,
    "write_gate": _SHARE,
    "backward_mode": _SHARE,
    "content_mode": _SHARE,
    "forward_mode": _SHARE,
    "read_age": _POSITIVE,
}
"""The gates of the models of this suite. A plugin may give other numbers these names."""

_ROUNDING = 1e-4
"""By how much, and by what share, means of 32-bit numbers may be off."""


def check_diagnostics(record: Record) -> Iterator[Finding]:
    """Yield the diagnostics of a curve that no memory can have; the last of a run that diverged may be anything."""
    ranges = _ranges(record.model)
    rows = record.curve[:-1] if record.divergence is not None else record.curve
    for index, row in enumerate(rows):
        for name, value in row.diagnostics.items():
            low, high = ranges.get(name, (-math.inf, math.inf))
            place = f"curve[{index}].diagnostics.{name[:40]}"
            if not math.isfinite(value):
                yield Finding(RecordFault.NOT_FINITE, place, f"{value}, where only a finite number can be.")
            elif not low - _ROUNDING <= value <= high * (1 + _ROUNDING) + _ROUNDING:
                yield Finding(RecordFault.OUT_OF_RANGE, place, f"{value:g} is not from {low:g} to {high:g}.")


def _ranges(model: ComponentRecord) -> dict[str, Range]:
    slots, shift = model.options.get("memory_slots"), model.options.get("shift_range")
    most = float(slots) if isinstance(slots, int) and slots >= 1 else math.inf
    entropy = (0.0, math.log2(most))
    found = {
        "gradient_norm": _POSITIVE,
        "scheduled_rate": _POSITIVE,
        "read_entropy": entropy,
        "write_entropy": entropy,
        "slots_written": (0.0, most),
        "slots_visited": (0.0, most),
    }
    if model.distribution == OWN_DISTRIBUTION:
        found |= _OWN
        if isinstance(shift, int):
            found["shift"] = (-float(shift), float(shift))
    return found
