"""What training one run yields: plain data, before anything is written."""

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from mann_bench.core.backends import Backend
from mann_bench.core.events import CoursePoint, CurvePoint, SizeScores
from mann_bench.core.options import OptionValue
from mann_bench.core.protocol import TrainingMethod
from mann_bench.core.runs import Outcome
from mann_bench.core.sizes import GridPoint, Size


class Divergence(NamedTuple):
    """Where a run met a value that is not finite: after `step` good steps, first seen in `culprit`."""

    step: int
    culprit: str


class Seconds(NamedTuple):
    """Wall time by purpose; training contains training only."""

    training: float
    evaluation: float
    compilation: float


class InitialWeights(NamedTuple):
    """What a run started from: as of `weights_digest`, and whether a seed has the same numbers on every processor."""

    sha256: str
    portable: bool


@dataclass
class Measured:
    """What has been measured of a run so far, in whichever processes.

    Attributes:
        initial_weights: what it started from.
        step: training steps done; symbols: input rows of their sequences.
        curve, probe: the measurements, in the order of their steps.
        course: what the syllabus drew, a point an evaluation; empty without one.
        training_seconds: wall time of training alone; evaluation_seconds: of everything between;
            compilation_seconds: of building the backend.
    """

    initial_weights: InitialWeights | None = None
    step: int = 0
    symbols: int = 0
    curve: list[CurvePoint] = field(default_factory=list)
    probe: list[tuple[int, list[SizeScores]]] = field(default_factory=list)
    course: list[CoursePoint] = field(default_factory=list)
    training_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    compilation_seconds: float = 0.0


@dataclass
class TrainingResult:
    """The measurements of one run, and the weights with the best validation error."""

    outcome: Outcome
    steps: int
    converged_first: int | None
    converged_confirmed: int | None
    best_step: int
    curve: list[CurvePoint]
    probe: list[tuple[int, list[SizeScores]]]
    course: list[CoursePoint]
    training_sizes: list[Size]
    generalization: list[SizeScores]
    training_range: dict[str, tuple[int, int]]
    grid: list[GridPoint]
    parameters: int
    all_parameters: int | None
    state_bytes: int
    details: dict[str, OptionValue]
    own_training: list[TrainingMethod]
    own_hooks: list[str]
    backend: Backend
    seconds: Seconds
    weights: dict[str, Tensor] = field(repr=False)
    initial_weights: InitialWeights | None = None
    divergence: Divergence | None = None
