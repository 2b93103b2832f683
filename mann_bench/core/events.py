"""What runs say while they are executed, for progress displays and mirrors."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from mann_bench.core.runs import Outcome, Run
from mann_bench.core.sizes import Size


class CurvePoint(NamedTuple):
    """One evaluation on the validation stream, after `step` training steps and `seconds` of training.

    `diagnostics` tell what the memory did (`mann_bench.evaluation.diagnostics`). `target_scores` are those at the
    greatest training size alone; `symbols` counts the input rows that were trained on, time steps times sequences.
    """

    step: int
    sequences: int
    seconds: float
    scores: dict[str, float]
    diagnostics: Mapping[str, float] = MappingProxyType({})
    target_scores: Mapping[str, float] = MappingProxyType({})
    symbols: int | None = None


class CoursePoint(NamedTuple):
    """What a syllabus drew from the evaluation before to the one after `step` training steps.

    Attributes:
        step: training steps done.
        point: the curriculum point after the evaluation; None where there is none.
        drawn: batches of each training size since the evaluation before, in the order in which the task states them.
        rewards: the mean reward of these batches, None where there were none; empty where there are no rewards.
    """

    step: int
    point: Size | None
    drawn: tuple[int, ...]
    rewards: tuple[float | None, ...]


class SizeScores(NamedTuple):
    """Mean scores over the sequences of one size of the length grid.

    `spread` is the standard deviation over them of the scores in which the model has no part.
    """

    size: Size
    sequences: int
    scores: dict[str, float]
    spread: Mapping[str, float] = MappingProxyType({})


class Started(NamedTuple):
    """The run begins to train."""

    run: Run


class Notice(NamedTuple):
    """What the user should know about the run; nothing stops for it."""

    key: str
    text: str


class Busy(NamedTuple):
    """Another process does the run; `owner_text` says which, for people."""

    key: str
    owner_text: str


class Progress(NamedTuple):
    """The run has done `step` steps and will stop at `last`, as far as is known now."""

    key: str
    step: int
    last: int


class Evaluated(NamedTuple):
    """The run was evaluated. `course` is that of its syllabus, None where it has none; `sizes` are what it drew of."""

    key: str
    point: CurvePoint
    course: CoursePoint | None = None
    sizes: Sequence[Size] = ()


class Probed(NamedTuple):
    """The length grid was measured after `step` training steps."""

    key: str
    step: int
    rows: list[SizeScores]


class Finished(NamedTuple):
    """The run is over, with its record under `folder`, or without one because of `problem`."""

    key: str
    outcome: Outcome
    folder: Path | None
    problem: str | None = None


Event = Started | Notice | Busy | Progress | Evaluated | Probed | Finished
Observer = Callable[[Event], None]
