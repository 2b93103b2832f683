"""What a study's progress is told from: of each record how the run ended and how long it took."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mann_bench.core.errors import StoreError
from mann_bench.core.runs import Outcome
from mann_bench.results.many import Unreadable, read_each
from mann_bench.results.schema import Record
from mann_bench.results.store import record_files
from mann_bench.results.two_processes import TwoProcesses


class Outline(NamedTuple):
    """A run that has a record.

    Attributes:
        key: of the run.
        model_name, task_name: as registered; model, task, protocol: as texts.
        outcome: how it ended.
        steps: training steps done.
        seconds: of training and evaluation.
        device_name: what it ran on.
    """

    key: str
    model_name: str
    model: str
    task_name: str
    task: str
    protocol: str
    outcome: Outcome
    steps: int
    seconds: float
    device_name: str

    @classmethod
    def of(cls, record: Record) -> "Outline":
        """Return the outline of a record."""
        return cls(
            record.key,
            record.model.name,
            record.model.text,
            record.task.name,
            record.task.text,
            record.protocol.text,
            record.outcome,
            record.steps,
            record.seconds.training + record.seconds.evaluation,
            record.provenance.device_name,
        )


def outlines(files: Sequence[Path]) -> list[Outline | Unreadable]:
    """Return the outline of each record, all of which is read and checked, or why it cannot be read."""
    return read_each(files, Outline.of)


def reading(folder: Path) -> "TwoProcesses[Outline | Unreadable]":
    """Begin to read the outlines of all records in a folder of runs, there or not."""
    try:
        files = record_files(folder) if folder.is_dir() else []
    except StoreError:  # none yet
        files = []
    return TwoProcesses(outlines, files)


class Outlines(NamedTuple):
    """What could be read, and what not."""

    known: list[Outline]
    problems: list[Unreadable]

    @classmethod
    def of(cls, found: Sequence[Outline | Unreadable]) -> "Outlines":
        """Sort out what was read."""
        known = [each for each in found if isinstance(each, Outline)]
        return cls(known, [each for each in found if isinstance(each, Unreadable)])

    def on(self, device_name: str) -> list[Outline]:
        """Return the outlines of runs on a CPU or GPU of this name."""
        return [each for each in self.known if each.device_name == device_name]
