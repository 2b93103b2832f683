"""Group records into cells: one model variant on one task variant under one protocol, over seeds."""

from collections.abc import Iterable
from typing import NamedTuple, TypedDict

from mann_bench.analysis.tuned import RATE, Tuned, TunedCells, tuned_text
from mann_bench.core.options import OptionValue
from mann_bench.core.protocol import TrainingMethod
from mann_bench.results.schema import Record, RuleRecord


class CellColumns(TypedDict):
    """The columns by which the rows of tables name a cell."""

    task: str
    model: str
    protocol: str
    origin: str


class Cell(NamedTuple):
    """The runs that differ in their seed alone, in the order of their seeds.

    Cells whose learning rate was `tuned`, each to its own, share a protocol with the rate left open, by which they
    stand together.
    """

    task: str
    model: str
    protocol: str
    records: list[Record]
    tuned: Tuned | None = None

    @property
    def seeds(self) -> list[int]:
        """The seeds that were run."""
        return [record.seed for record in self.records]

    @property
    def origin(self) -> str:
        """Who brought the model and the task, with the versions of their specs."""
        return origin(self.records[0])

    @property
    def columns(self) -> CellColumns:
        """What the rows of tables name the cell by."""
        return {"task": self.task, "model": self.model, "protocol": self.protocol, "origin": self.origin}

    @property
    def rule(self) -> RuleRecord:
        """When a run of the task counts as converged."""
        return self.records[0].convergence

    @property
    def own_training(self) -> list[TrainingMethod]:
        """The methods by which a model was trained in its own way, not as the protocol says; none of most."""
        return sorted(set().union(*[record.own_training for record in self.records]))

    @property
    def own_hooks(self) -> list[str]:
        """The hooks of Lightning that a model has of its own; none of most."""
        return sorted(set().union(*[record.own_hooks for record in self.records]))

    @property
    def protocol_fields(self) -> dict[str, OptionValue]:
        """The fields of the protocol; in place of a rate that was tuned, that it was."""
        fields = self.records[0].protocol.fields
        return {**fields, RATE: "tuned"} if self.tuned else dict(fields)

    @property
    def budget(self) -> int:
        """Most training steps that a run could take."""
        return self.records[0].protocol.integer("max_steps")

    @property
    def batch_size(self) -> int:
        """Sequences a training step."""
        return self.records[0].protocol.integer("batch_size")


def origin(record: Record) -> str:
    """Return who brought the model and the task of a run, with the versions of their specs."""
    return ", ".join(f"{part.distribution} {part.name} v{part.version}" for part in (record.model, record.task))


def cells(records: Iterable[Record], tuned: TunedCells | None = None) -> list[Cell]:
    """Return the cells of `records`, sorted by task, model and protocol, whatever the order of the records.

    Variants that read the same but were brought by another distribution, or have another version, are not
    mixed. A record that occurs twice counts once.

    Args:
        records: of the runs.
        tuned: which of the cells were tuned, by what their records state.
    """
    groups: dict[str, dict[str, Record]] = {}
    for record in records:
        groups.setdefault(_identity(record), {})[record.key] = record
    made = (_cell(sorted(group.values(), key=lambda r: (r.seed, r.key)), tuned or {}) for group in groups.values())
    return sorted(made, key=lambda cell: (cell.task, cell.model, cell.protocol, cell.records[0].key))


def _cell(ordered: list[Record], tuned: TunedCells) -> Cell:
    name = ordered[0].cell_name
    known = tuned.get(name)
    return Cell(name.task, name.model, tuned_text(name.protocol) if known else name.protocol, ordered, known)


def _identity(record: Record) -> str:
    """Return what runs share that differ in their seed alone, as text: it tells 1, 1.0 and true apart."""
    parts = [
        (part.name, part.version, part.distribution, sorted(part.options.items()))
        for part in (record.task, record.model)
    ]
    protocol, rule = record.protocol, record.convergence
    return repr((parts, protocol.name, protocol.version, sorted(protocol.fields.items()), rule.metric, rule.below))
