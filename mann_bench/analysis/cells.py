"""Group records into cells: one model variant on one task variant under one protocol, over seeds."""

from collections.abc import Iterable
from typing import NamedTuple

from mann_bench.core.protocol import TrainingMethod
from mann_bench.results.schema import Record, RuleRecord


class Cell(NamedTuple):
    """The runs that differ in their seed alone, in the order of their seeds."""

    task: str
    model: str
    protocol: str
    records: list[Record]

    @property
    def seeds(self) -> list[int]:
        """The seeds that were run."""
        return [record.seed for record in self.records]

    @property
    def origin(self) -> str:
        """Who brought the model and the task, with the versions of their specs."""
        return origin(self.records[0])

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


def cells(records: Iterable[Record]) -> list[Cell]:
    """Return the cells of `records`, sorted by task, model and protocol, whatever the order of the records.

    Variants that read the same but were brought by another distribution, or have another version, are not
    mixed. A record that occurs twice counts once.
    """
    groups: dict[str, dict[str, Record]] = {}
    for record in records:
        groups.setdefault(_identity(record), {})[record.key] = record
    made = (
        Cell(
            task=first.task.text,
            model=first.model.text,
            protocol=first.protocol.text,
            records=ordered,
        )
        for ordered in (sorted(group.values(), key=lambda r: (r.seed, r.key)) for group in groups.values())
        for first in ordered[:1]
    )
    return sorted(made, key=lambda cell: (cell.task, cell.model, cell.protocol, cell.records[0].key))


def _identity(record: Record) -> str:
    """Return what runs share that differ in their seed alone, as text: it tells 1, 1.0 and true apart."""
    parts = [
        (part.name, part.version, part.distribution, sorted(part.options.items()))
        for part in (record.task, record.model)
    ]
    protocol, rule = record.protocol, record.convergence
    return repr((parts, protocol.name, protocol.version, sorted(protocol.fields.items()), rule.metric, rule.below))
