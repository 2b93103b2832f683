"""What can be wrong with an entry, each fault by its name."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from mann_bench.core.errors import MannBenchError
from mann_bench.results.problem import RecordFault


class FaultName(StrEnum):
    """The names of faults that an entry alone can have; what is wrong with a record is a `RecordFault`."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    LINK = "link"
    EXECUTABLE = "executable"
    UNKNOWN_FILE = "unknown-file"
    WRONG_FOLDER = "wrong-folder"
    NOT_CANONICAL = "not-canonical"
    MARKUP = "markup"
    UNSAFE_URL = "unsafe-url"
    UNSAFE_PATH = "unsafe-path"
    PRIVATE = "private"
    DIGEST = "digest"
    WRONG_STUDY = "wrong-study"
    WRONG_MODEL = "wrong-model"
    WRONG_TASK = "wrong-task"
    WRONG_PROTOCOL = "wrong-protocol"
    WRONG_TUNING = "wrong-tuning"
    MISSING_SEEDS = "missing-seeds"
    EXTRA_SEEDS = "extra-seeds"
    AGGREGATES = "aggregates"
    BADGE = "badge"
    DUPLICATE = "duplicate"
    COPIED_CURVE = "copied-curve"
    SAME_WEIGHTS = "same-weights"
    TRAINED_BEFORE = "trained-before"
    WRONG_SIZE = "wrong-size"
    IMPOSSIBLE_DATE = "impossible-date"
    LOOK_ALIKE = "look-alike"
    WRONG_TRACE = "wrong-trace"
    TRACE_SHAPE = "trace-shape"


class Fault(NamedTuple):
    """One thing that is wrong.

    Attributes:
        name: which fault it is.
        file: where; a file or a folder.
        place: the key in the file, as in ``curve[3].scores``; None where it is the whole file.
        text: what was found, what was expected and what to do, in sentences.
    """

    name: FaultName | RecordFault
    file: Path
    place: str | None
    text: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.place}" if self.place else str(self.file)
        # An entry must not steer the terminal that its faults are printed to.
        line = f"{self.name}: {where}: {self.text}"
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


class Finding(NamedTuple):
    """A fault of a record or an entry, before it is known in which file it stands. Fields as of `Fault`."""

    name: FaultName | RecordFault
    place: str | None
    text: str

    def at(self, file: Path) -> Fault:
        """Return the fault that this is in `file`."""
        return Fault(self.name, file, self.place, self.text)


class EntryError(MannBenchError):
    """An entry is refused, for all of its `faults`."""

    exit_code = 4

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(["the entry is refused.", *map(str, faults)]))
        self.faults = faults
