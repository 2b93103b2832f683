"""What the study asks of an entry, as plain data: `mann_bench.leaderboard.resolving` makes it."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mann_bench.analysis.tuned import RATE
from mann_bench.core.options import OptionValue
from mann_bench.core.runs import CellName
from mann_bench.core.sizes import Size
from mann_bench.results.schema import ComponentRecord, GridRow, ProtocolRecord, Record, RuleRecord
from mann_bench.studies.schema import FIRST_TUNING_SEED, TuningTable
from mann_bench.studies.tuning_file import TunedCell, Tuning


@dataclass(frozen=True)
class TaskRules:
    """A task of the study as it is installed here.

    Attributes:
        component: its name, version, distribution and options.
        rule: when a run of it counts as converged.
        grid: its test sizes, in order, with what it states about each.
        training_range: least and greatest training size.
        scores: names of its scores.
        alike: whether all sequences of a size are scored on the same number of steps.
    """

    component: ComponentRecord
    rule: RuleRecord
    grid: Sequence[GridRow]
    training_range: Mapping[str, tuple[int, int]]
    scores: frozenset[str]
    alike: bool = True

    @property
    def sizes(self) -> list[Size]:
        """The sizes that a run is tested and probed at."""
        return [row.size for row in self.grid]


class ModelSize(NamedTuple):
    """How many parameters a model has, and how many with those that training leaves alone; named as in a record."""

    parameters: int
    all_parameters: int


@dataclass(frozen=True)
class ModelRules:
    """A model variant as it is installed here.

    Attributes:
        version, distribution: of the model.
        options: all that its text stands for.
        sizes: by the text of a task; those that could be counted without memory for the model.
        own_training, own_hooks: the methods and hooks that its class has of its own, named as in a record.
    """

    version: int
    distribution: str
    options: Mapping[str, OptionValue]
    sizes: Mapping[str, ModelSize]
    own_training: frozenset[str]
    own_hooks: frozenset[str]


@dataclass(frozen=True)
class StudyRules:
    """A study, resolved.

    Attributes:
        name, version: of the study.
        looks: the seeds that a cell may have, those of one look and no others; the looks rise.
        tasks, protocols: by canonical text.
        models: by canonical text, those whose name is installed here; in words, why a variant cannot be had.
        tuning: how learning rates are tuned; None where the study does not state it.
        tuned: of an entry that was tuned, the protocol that the runs of each cell must have; they have no other.
    """

    name: str
    version: int
    looks: Sequence[frozenset[int]]
    tasks: Mapping[str, TaskRules]
    protocols: Mapping[str, ProtocolRecord]
    models: Mapping[str, ModelRules | str]
    tuning: TuningTable | None = None
    tuned: Mapping[CellName, ProtocolRecord] = field(default_factory=dict)

    def has_place_for(self, record: Record) -> bool:
        """Tell whether the run is of a task and a protocol of the study, by their texts, and no run of a tuning."""
        known = record.task.text in self.tasks and self.protocol_of(record) is not None
        return known and record.seed < FIRST_TUNING_SEED

    def protocol_of(self, record: Record) -> ProtocolRecord | None:
        """Return the protocol that the run must have followed; None where the study has none of this text for it."""
        if not self.tuned:
            return self.protocols.get(record.protocol.text)
        return self.tuned.get(record.cell_name)

    def at_rates(self, tuning: Tuning | None) -> "StudyRules":
        """Return what the study asks of an entry with a tuning: each cell at its rate, and nothing else changed."""
        if tuning is None:
            return self
        tuned = {
            cell.runs_under: _at_rate(self.protocols[cell.protocol], cell)
            for cell in tuning.cells
            if cell.protocol in self.protocols
        }
        return dataclasses.replace(self, tuned=tuned)


def _at_rate(protocol: ProtocolRecord, cell: TunedCell) -> ProtocolRecord:
    fields = {**protocol.fields, RATE: cell.rate}
    return protocol.model_copy(update={"text": cell.tuned_protocol, "fields": fields})
