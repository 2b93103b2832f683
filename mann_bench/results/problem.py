"""What is wrong with a record, and where."""

from enum import StrEnum
from typing import NamedTuple


class RecordFault(StrEnum):
    """The names of what can be wrong with a record. docs/leaderboard.md says what each means."""

    NOT_JSON = "not-json"
    FUTURE_SCHEMA = "future-schema"
    SCHEMA = "schema"
    CONTROL_CHARACTER = "control-character"
    TOO_LONG = "too-long"
    FOREIGN_KEY = "foreign-key"
    BUDGET = "budget"
    CADENCE = "cadence"
    COUNT = "count"
    CONVERGENCE = "convergence"
    OUTCOME = "outcome"
    GRID = "grid"
    NOT_FINITE = "not-finite"
    OUT_OF_RANGE = "out-of-range"
    CONTRADICTION = "contradiction"


class Problem(NamedTuple):
    """Something in a record that no run leaves there.

    Attributes:
        name: which fault it is.
        place: the field, as in ``curve[3].scores``; None where it is the whole file.
        text: what was found, and what was expected.
    """

    name: RecordFault
    place: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.place or 'file'}: {self.text}"


class UnsoundError(Exception):
    """What a file holds is not what it should, for all of its `problems`, of which there is one at least."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems
