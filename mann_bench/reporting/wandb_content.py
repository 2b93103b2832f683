"""What W&B is told of a run: its name and group, its configuration, each row of its history, and its summary."""

import dataclasses
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mann_bench.analysis.cells import cells
from mann_bench.analysis.measures import generalizes_from
from mann_bench.analysis.rows import FlatRow, flat
from mann_bench.analysis.runs import target_first
from mann_bench.analysis.tables import table_rows
from mann_bench.core.runs import Run
from mann_bench.core.sizes import Size, size_text
from mann_bench.results.schema import ComponentRecord, CourseRow, CurveRow, ProbeRow, ProtocolRecord, Record

_LONGEST_GROUP, _LONGEST_TAG = 128, 64


class Start(NamedTuple):
    """What W&B is told of a run when it begins.

    Attributes:
        key: of the run.
        name: as people read it: model, task and seed.
        group: what the runs share that differ in their seed alone, so that their mean is one over seeds.
        job_type: the seed.
        tags: the names of model, task and protocol, after those of ``WANDB_TAGS``.
        config: the run as its record states it.
    """

    key: str
    name: str
    group: str
    job_type: str
    tags: list[str]
    config: dict[str, Any]

    @classmethod
    def of_run(cls, run: Run) -> "Start":
        """Return what is known of a run before it trains."""
        protocol = ProtocolRecord.of(run.protocol, run.protocol_given, run.protocol_text)
        model, task = ComponentRecord.of(run.model), ComponentRecord.of(run.task)
        config = {name: part.model_dump(mode="json") for name, part in (("model", model), ("task", task))}
        config |= {"protocol": protocol.model_dump(mode="json"), "convergence": dataclasses.asdict(run.convergence)}
        return cls._of(run.text, model, task, protocol, config | {"key": run.key, "seed": run.seed})

    @classmethod
    def of_record(cls, record: Record) -> "Start":
        """Return what a record states."""
        return cls._of(record.text, record.model, record.task, record.protocol, config(record))

    @classmethod
    def _of(
        cls, name: str, model: ComponentRecord, task: ComponentRecord, protocol: ProtocolRecord, made: dict[str, Any]
    ) -> "Start":
        own = [tag.strip() for tag in os.environ.get("WANDB_TAGS", "").split(",") if tag.strip()]
        tags = dict.fromkeys([*own, *(part.name[:_LONGEST_TAG] for part in (model, task, protocol))])
        group = os.environ.get("WANDB_RUN_GROUP") or _fitted(
            f"{_versioned(model)} on {_versioned(task)}, {_versioned(protocol)}"
        )
        return cls(made["key"], name, group, f"seed {made['seed']}", list(tags), made)


def config(record: Record) -> dict[str, Any]:
    """Return the identity of a run, and what it ran on."""
    return record.model_dump(
        mode="json",
        include={"schema_version", "key", "model", "task", "convergence", "protocol", "seed", "provenance"},
    )


def history_row(row: CurveRow | ProbeRow) -> dict[str, float]:
    """Return what was measured at a step; what is measured on which sequences is a prefix."""
    values = _probe_values(row) if isinstance(row, ProbeRow) else _curve_values(row)
    return {"step": row.step, **values}


def course_values(row: CourseRow, sizes: Sequence[Size]) -> dict[str, float]:
    """Return what a syllabus drew, of which sizes, and for which rewards."""
    values: dict[str, float] = {f"syllabus/point/{name}": value for name, value in (row.point or {}).items()}
    texts = [size_text(size) for size in sizes]
    values |= {f"syllabus/drawn/{text}": count for text, count in zip(texts, row.drawn, strict=True)}
    rewards = zip(texts, row.rewards, strict=False)  # there may be none
    return values | {f"syllabus/reward/{text}": reward for text, reward in rewards if reward is not None}


def summary(record: Record) -> dict[str, Any]:
    """Return how a run ended: its outcome, when it converged, whether it generalises, and its test scores by size."""
    fields = {"outcome", "steps", "converged_first", "converged_confirmed", "best_step"}
    fields |= {"parameters", "all_parameters", "state_bytes", "peak_memory_bytes", "seconds", "divergence"}
    made = record.model_dump(mode="json", include=fields) | {"converged": record.converged_first is not None}
    if record.curve and record.tells_target:
        made["target_first"] = target_first(record)
    if record.probe:
        made["generalizes_from"] = generalizes_from(record)
        made["generalizes"] = made["generalizes_from"] is not None
    rows = record.generalization
    return made | {f"test/{size_text(row.size)}/{name}": each for row in rows for name, each in row.scores.items()}


def tables(record: Record) -> Mapping[str, list[FlatRow]]:
    """Return the tables of a run that have rows, without the columns that one run leaves empty."""
    made = {name: list(map(flat, rows)) for name, rows in table_rows(cells([record])).items()}
    return {name: _filled(rows) for name, rows in made.items() if rows}


def _filled(rows: list[FlatRow]) -> list[FlatRow]:
    names = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    return [{name: row.get(name) for name in names} for row in rows]


def _curve_values(row: CurveRow) -> dict[str, float]:
    values = {f"validation/{name}": value for name, value in row.scores.items()}
    values |= {f"target/{name}": value for name, value in row.target_scores.items()}
    values |= {f"diagnostics/{name}": value for name, value in row.diagnostics.items()}
    symbols = {} if row.symbols is None else {"symbols": row.symbols}
    return {"sequences": row.sequences, **symbols, "training_seconds": row.training_seconds, **values}


def _probe_values(at: ProbeRow) -> dict[str, float]:
    return {f"probe/{size_text(row.size)}/{name}": value for row in at.rows for name, value in row.scores.items()}


def _versioned(part: ComponentRecord | ProtocolRecord) -> str:
    return part.text if part.version == 1 else f"{part.text} (version {part.version})"


def _fitted(group: str) -> str:
    """Return a group that W&B takes; of long ones the end is a digest, so that they stay apart."""
    if len(group) <= _LONGEST_GROUP:
        return group
    return f"{group[: _LONGEST_GROUP - 12]}... {hashlib.sha256(group.encode()).hexdigest()[:8]}"
