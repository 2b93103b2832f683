"""The run key of a record, computed from what it says was run."""

from typing import Any

from mann_bench.core.runs import run_key
from mann_bench.results.schema import ComponentRecord, Record


def record_key(record: Record) -> str:
    """Return the key of the run that `record` describes; an honest record has it as its own.

    Raises ValueError where an option is not finite: no run has such a key.
    """
    protocol, rule = record.protocol, record.convergence
    return run_key(
        model=identity(record.model),
        task=identity(record.task),
        convergence={"metric": rule.metric, "below": rule.below},
        protocol={**protocol.fields, "name": protocol.name, "version": protocol.version},
        seed=record.seed,
        syllabus=identity(record.syllabus.rule) if record.syllabus else None,
    )


def identity(component: ComponentRecord) -> dict[str, Any]:
    """Return what distinguishes a recorded component in a run key, as `Component.identity`."""
    return {name: getattr(component, name) for name in ("name", "version", "distribution", "options")}
