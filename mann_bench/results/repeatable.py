"""What a run must repeat wherever it is done again on a machine of the same kind: all but when, where, how long."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mann_bench.results.schema import Record

_NOT_REPEATED = {"provenance", "seconds", "peak_memory_bytes", "error"}

_LATER = {"all_parameters", "initial_weights"}
"""What earlier versions did not write down: it repeats where it is known."""


def repeatable(record: Record) -> dict[str, Any]:
    """Return the parts of a record that its run must repeat, as JSON knows them."""
    content = record.model_dump(mode="json", exclude=_NOT_REPEATED)
    for part in ("model", "task", "protocol"):
        content[part] = content[part]["text"]
    for row in content["curve"]:
        del row["training_seconds"]
    content |= taken_spread([*content["generalization"], *(row for at in content["probe"] for row in at["rows"])])
    content |= _taken(content["curve"], "target_scores", {}) | _taken(content["curve"], "symbols", None)
    return {name: value for name, value in content.items() if name not in _LATER or value is not None}


def taken_spread(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Take the spread out of measurements, as JSON knows them, and return it; nothing where they do not tell it."""
    return _taken(rows, "spread", {})


def _taken(rows: Sequence[dict[str, Any]], name: str, absent: Any) -> dict[str, Any]:
    found = [row.pop(name) for row in rows]
    return {name: found} if any(each != absent for each in found) else {}


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the names of the parts that both have, of different content."""
    # As JSON, so that a number that is none equals itself.
    return [name for name in one if name in other and json.dumps(one[name]) != json.dumps(other[name])]
