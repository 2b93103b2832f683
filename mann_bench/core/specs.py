"""What a plugin says about what it brings: light data, so that listing it loads nothing else."""

import math
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from mann_bench.core.scores import is_accuracy


@dataclass(frozen=True)
class ConvergenceRule:
    """A run has converged at its first evaluation with a mean `metric` below `below`.

    Raises:
        ValueError: the metric is an accuracy, which does not fall as a model learns.
    """

    metric: str = "bit_errors"
    below: float = 0.1

    def __post_init__(self) -> None:
        if is_accuracy(self.metric):
            raise ValueError(
                f"a convergence rule asks for less of a metric, and {self.metric} is to rise: name an error, such as "
                'ConvergenceRule("token_error_rate", below=0.1) for 90 % of the tokens'
            )

    def multiple(self, score: float) -> float:
        """Return a score as a multiple of the threshold; where that is not above 0, 0 if it is met, else infinity."""
        if self.below > 0:
            return score / self.below
        return 0.0 if score < self.below else math.inf


@dataclass(frozen=True)
class ExpectedFailure:
    """A clause of the conformance kit that a model or task is known not to meet.

    It is strict: where the clause passes after all, the declaration is what fails.

    Attributes:
        clause: the clause's name, such as ``causal``.
        reason: why that is as it should be, for those who read a table with it.
    """

    clause: str
    reason: str


@dataclass(frozen=True)
class _ClassSpec:
    """What the specs of models and syllabuses hold; they are no kinds of each other."""

    name: str
    version: int
    target: str
    summary: str
    reference: str = ""
    requires: tuple[str, ...] = ()
    expected_failures: tuple[ExpectedFailure, ...] = ()
    later_options: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelSpec(_ClassSpec):
    """A model that the suite can train.

    Attributes:
        name: what users type, lower case with underscores.
        version: raised whenever the same options would train differently; part of the run key.
        target: ``"package.module:Class"``, a subclass of `mann_bench.SequenceModule`, loaded on first use.
        summary: one line.
        reference: the paper, with a link.
        requires: import names of packages that it needs and its distribution does not install.
        expected_failures: clauses of `mann_bench.testing` that it is known not to meet.
        later_options: options that are younger than the first records of this version, and whose defaults train as
            before. With its default such an option is left out of run keys and records, so that runs keep their keys.
    """


@dataclass(frozen=True)
class TaskSpec:
    """A task that the suite can train on. Fields as for `ModelSpec`; `convergence` is the task's rule."""

    name: str
    version: int
    target: str
    summary: str
    reference: str = ""
    convergence: ConvergenceRule = ConvergenceRule()
    requires: tuple[str, ...] = ()
    expected_failures: tuple[ExpectedFailure, ...] = ()
    later_options: tuple[str, ...] = ()


@dataclass(frozen=True)
class SyllabusSpec(_ClassSpec):
    """A rule by which training sizes can be drawn, a subclass of `mann_bench.Syllabus`. Fields as for `ModelSpec`."""


@dataclass(frozen=True)
class StudySpec:
    """A study that the suite can run: a named matrix of runs and the claims that it is to confirm or refute.

    Attributes:
        name: what users type, lower case with hyphens.
        path: the study's TOML file, a `pathlib.Path` or a resource of a package; read on first use.
        summary: one line.
    """

    name: str
    path: Traversable
    summary: str


@dataclass(frozen=True)
class ExecutorSpec:
    """A place where runs execute.

    Attributes:
        name: what users type, lower case with underscores.
        target: ``"package.module:Class"``, a subclass of `mann_bench.Executor`, loaded on first use.
        summary: one line.
        parallel_option: the option that says how many runs execute at a time, for who tries ``--jobs``.
    """

    name: str
    target: str
    summary: str
    parallel_option: str | None = None
