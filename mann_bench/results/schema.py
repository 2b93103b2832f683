"""The record of one run: one JSON file, schema-versioned, with a description on every field."""

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, FailFast, Field
from pydantic.config import JsonDict

from mann_bench.core.backends import Backend
from mann_bench.core.errors import StoreError
from mann_bench.core.events import CoursePoint, CurvePoint, SizeScores
from mann_bench.core.field_types import MOST
from mann_bench.core.options import OptionValue
from mann_bench.core.protocol import Protocol, TrainingMethod
from mann_bench.core.runs import CellName, Component, Outcome
from mann_bench.core.sizes import GridPoint

Row = TypeVar("Row")
Count = Annotated[int, Field(ge=0, le=MOST)]
Rows = Annotated[list[Row], FailFast()]
"""What is wrong with its first bad row is told alone: a file of millions would take gigabytes to tell of."""
HookName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,63}$")]

_MOST_HOOKS = 100

# Of fields with a factory: a default that can change would be copied deeply for every row, a third of reading it.
_EMPTY_DICT: JsonDict = {"default": {}}
_EMPTY_LIST: JsonDict = {"default": []}


class _Part(BaseModel):
    """Known fields only, frozen; non-finite numbers are written as the strings NaN and Infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings")


class ComponentRecord(_Part):
    """A model, a task or a syllabus as it ran."""

    name: str = Field(description="name under which its plugin registered it")
    version: Count = Field(description="version of its spec")
    text: str = Field(description="canonical variant: the name and the options that differ from their defaults")
    given: dict[str, str] = Field(description="options as the user typed them")
    options: dict[str, OptionValue] = Field(description="every option with its resolved value")
    distribution: str = Field(description="distribution that brought it")
    distribution_version: str = Field(description="installed version of that distribution")

    @classmethod
    def of(cls, component: Component) -> "ComponentRecord":
        """Describe a resolved component."""
        return cls(
            name=component.name,
            version=component.version,
            text=component.text,
            given=dict(component.given),
            options=dict(component.options),
            distribution=component.distribution,
            distribution_version=component.distribution_version,
        )


class RuleRecord(_Part):
    """When a run counts as converged."""

    metric: str = Field(description="score, averaged over the validation sequences")
    below: float = Field(allow_inf_nan=False, description="threshold; converged at the first evaluation below it")


class ProtocolRecord(_Part):
    """The protocol as it was followed."""

    name: str = Field(description="name under which its plugin registered it")
    version: Count = Field(description="version of the protocol")
    text: str = Field(description="canonical variant: the name and the fields that were changed")
    given: dict[str, str] = Field(description="fields as the user typed them")
    fields: dict[str, OptionValue] = Field(
        description="every field with its resolved value; syllabus, grace_after, weight_decay, warmup_steps and "
        "schedule only where they are not at their defaults"
    )

    @classmethod
    def of(cls, protocol: Protocol, given: Mapping[str, str], text: str) -> "ProtocolRecord":
        """Describe a resolved protocol, the fields that were given as typed, and its canonical text."""
        fields = protocol.recorded()
        name, version = fields.pop("name"), fields.pop("version")
        return cls(name=name, version=version, text=text, given=dict(given), fields=fields)

    def integer(self, field: str) -> int:
        """Return the value of a field that is a whole number, such as ``max_steps``.

        Raises:
            StoreError: there is no such field, or its value is no whole number.
        """
        value = self.fields.get(field)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):  # true is an int to Python
            return value
        raise StoreError(
            f"protocol {self.text!r} of a record: expected a whole number as {field!r}, not {value!r}. "
            "Restore the record as it was written, or do its run again."
        )


class CurveRow(_Part):
    """One evaluation on the validation stream."""

    step: Count = Field(description="training steps done")
    sequences: Count = Field(description="training sequences seen")
    training_seconds: float = Field(
        description="wall time of training alone, up to here, pauses of the process left out"
    )
    scores: dict[str, float] = Field(
        description="mean scores by name; bit-vector tasks: loss_bits (bits a sequence), bit_errors (wrong bits "
        "a sequence), bit_error_rate, sequence_accuracy; class labels: token_errors, token_error_rate, "
        "token_accuracy; dynamic N-grams: bayes_bits, regret_bits"
    )
    diagnostics: dict[str, float] = Field(
        default_factory=dict,
        json_schema_extra=_EMPTY_DICT,
        description="what the memory did, means over steps and heads: read_entropy, write_entropy (bits), "
        "slots_written, the model's gates; gradient_norm of the last step, before clipping; "
        "scheduled_rate of the next step, where the protocol changes the learning rate",
    )
    target_scores: dict[str, float] = Field(
        default_factory=dict,
        json_schema_extra=_EMPTY_DICT,
        description="mean scores at the greatest training size alone; empty in records of before",
    )
    symbols: Count | None = Field(
        default=None, description="input rows trained on, time steps times sequences; null in records of before"
    )

    @classmethod
    def of(cls, point: CurvePoint) -> "CurveRow":
        """Describe an evaluation."""
        return cls(
            step=point.step,
            sequences=point.sequences,
            training_seconds=point.seconds,
            scores=point.scores,
            diagnostics=dict(point.diagnostics),
            target_scores=dict(point.target_scores),
            symbols=point.symbols,
        )

    def point(self) -> CurvePoint:
        """Return the evaluation that the row describes."""
        return CurvePoint(
            self.step,
            self.sequences,
            self.training_seconds,
            self.scores,
            self.diagnostics,
            self.target_scores,
            self.symbols,
        )


class SizeRow(_Part):
    """Scores at one size of the length grid."""

    size: dict[str, Count] = Field(description="size of the sequences, by name, e.g. length and repeats")
    sequences: Count = Field(description="sequences measured")
    scores: dict[str, float] = Field(description="mean scores by name, as in the curve")
    spread: dict[str, float] = Field(
        default_factory=dict,
        json_schema_extra=_EMPTY_DICT,
        description="standard deviation over the sequences, of the scores in which the model has no part: bayes_bits",
    )

    @classmethod
    def of(cls, scores: SizeScores) -> "SizeRow":
        """Describe a measurement."""
        return cls(size=dict(scores.size), sequences=scores.sequences, scores=scores.scores, spread=dict(scores.spread))


class GridRow(_Part):
    """What the task states about one size of its length grid."""

    size: dict[str, Count] = Field(description="size of the sequences, by name")
    chance: dict[str, float] = Field(description="expected scores of a predictor whose logits are all 0")
    rows_to_remember: Count | None = Field(description="input rows that have to be kept at once; null if unknown")

    @classmethod
    def of(cls, stated: GridPoint) -> "GridRow":
        """Describe a point of the grid."""
        return cls(size=dict(stated.size), chance=stated.chance, rows_to_remember=stated.rows_to_remember)


class ProbeRow(_Part):
    """The length grid during training, on the probe stream. It never influences the run."""

    step: Count = Field(description="training steps done")
    rows: Rows[SizeRow] = Field(description="one row a size")

    @classmethod
    def of(cls, step: int, rows: Iterable[SizeScores]) -> "ProbeRow":
        """Describe a measurement of the grid."""
        return cls(step=step, rows=[SizeRow.of(row) for row in rows])


class CourseRow(_Part):
    """What a syllabus drew from one evaluation to the next."""

    step: Count = Field(description="training steps done")
    point: dict[str, Count] | None = Field(description="curriculum point after the evaluation; null without one")
    drawn: list[Count] = Field(description="batches of each size since the row before, in the order of sizes")
    rewards: list[float | None] = Field(
        description="mean reward of these batches, null where there were none; empty without rewards"
    )

    @classmethod
    def of(cls, point: CoursePoint) -> "CourseRow":
        """Describe what was drawn."""
        size = None if point.point is None else dict(point.point)
        return cls(step=point.step, point=size, drawn=list(point.drawn), rewards=list(point.rewards))


class SyllabusRecord(_Part):
    """The syllabus of the protocol, and the course that it took."""

    rule: ComponentRecord = Field(description="syllabus as it ran")
    sizes: list[dict[str, Count]] = Field(description="training sizes of the task")
    course: Rows[CourseRow] = Field(description="one row an evaluation")


class DivergenceRecord(_Part):
    """Where the first value appeared that is not finite."""

    step: Count = Field(description="good training steps before it")
    culprit: str = Field(description="'loss', or the first parameter whose gradient is not finite")


class InitialWeightsRecord(_Part):
    """The weights before training."""

    sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the tensors of the state dict in the order of their names: of each 'name dtype "
        "[shape]' and a line end, then its numbers, little-endian",
    )
    portable: bool = Field(description="whether the model draws the same for a seed on every processor")


class SecondsRecord(_Part):
    """Wall time by purpose; of training and evaluation without pauses of the process, such as SIGSTOP makes."""

    training: float = Field(description="training alone: data, forward, backward, optimiser")
    evaluation: float = Field(description="validation, probe and test")
    compilation: float = Field(description="compiling the model, where it is compiled")


class Provenance(_Part):
    """What the run ran on, and when."""

    mann_bench: str = Field(description="version of this package")
    git_commit: str | None = Field(description="commit of the package's own checkout; null where installed")
    git_dirty: bool | None = Field(description="whether that checkout had uncommitted changes")
    torch: str = Field(description="version of torch")
    numpy: str = Field(description="version of numpy")
    pytorch_lightning: str = Field(description="version of pytorch-lightning")
    python: str = Field(description="version of Python")
    os: str = Field(description="operating system and its release")
    device: Literal["cpu", "cuda"] = Field(description="kind of device the run trained on")
    device_name: str = Field(description="name of the CPU or GPU")
    threads: Count = Field(description="CPU threads torch was given")
    cpu_capability: str | None = Field(
        default=None, description="vector instructions of torch's CPU kernels, as AVX2; null in records of before"
    )
    blas: str | None = Field(default=None, description="library of torch's matrix products on the CPU, as mkl")
    rounding: str | None = Field(
        default=None,
        description="digest of fixed products and functions as the device computes them: where it is another one, "
        "torch rounds otherwise; null in records of before",
    )
    compiler: str | None = Field(
        default=None,
        description="compiler of the compiled and native backends, and a digest of the processor that it compiled for; "
        "null where nothing was compiled",
    )
    settings: str | None = Field(
        default=None,
        description="global settings of torch and numpy as training left them, name=value; null in records of before",
    )
    date: str = Field(description="UTC time at which the run ended, ISO 8601")


class Record(_Part):
    """Everything that one run yields, its weights apart."""

    schema_version: Literal[1] = Field(description="version of this schema")
    key: str = Field(pattern=r"^[0-9a-f]{64}$", description="run key: SHA-256 of the resolved run")
    model: ComponentRecord = Field(description="model as it ran")
    task: ComponentRecord = Field(description="task as it ran")
    convergence: RuleRecord = Field(description="the task's convergence rule")
    protocol: ProtocolRecord = Field(description="protocol as it was followed")
    syllabus: SyllabusRecord | None = Field(
        default=None, description="how training sizes were drawn; null where all were equally likely all the time"
    )
    seed: Count = Field(description="seed of the run")
    outcome: Outcome = Field(description="how the run ended")
    steps: Count = Field(description="training steps done")
    converged_first: Count | None = Field(description="step of the first evaluation below the threshold")
    converged_confirmed: Count | None = Field(
        description="step of the first evaluation below the threshold whose next evaluation is below it too"
    )
    best_step: Count = Field(description="step of the kept weights, those with the best validation error")
    divergence: DivergenceRecord | None = Field(description="of a run that diverged")
    error: str | None = Field(description="traceback of a run that failed")
    curve: Rows[CurveRow] = Field(description="learning curve, one row an evaluation")
    probe: Rows[ProbeRow] = Field(description="length grid over training")
    generalization: Rows[SizeRow] = Field(description="length grid on the test stream, with the kept weights")
    training_range: dict[str, tuple[Count, Count]] = Field(
        default_factory=dict,
        json_schema_extra=_EMPTY_DICT,
        description="least and greatest training size, by the name of each dimension",
    )
    grid: Rows[GridRow] = Field(
        default_factory=list, json_schema_extra=_EMPTY_LIST, description="what the task states about its length grid"
    )
    parameters: Count = Field(description="trainable parameters, counted from the tensors")
    all_parameters: Count | None = Field(
        default=None, description="parameters with those that training leaves alone; null in records that do not tell"
    )
    state_bytes: Count = Field(description="recurrent state a sequence, counted from the tensors")
    details: dict[str, OptionValue] = Field(
        default_factory=dict,
        json_schema_extra=_EMPTY_DICT,
        description="what the model states about itself that its options do not tell",
    )
    own_training: Rows[TrainingMethod] = Field(
        default_factory=list,
        json_schema_extra=_EMPTY_LIST,
        max_length=len(get_args(TrainingMethod)),
        description="methods by which the model was trained in its own way, not as the protocol says",
    )
    own_hooks: Rows[HookName] = Field(
        default_factory=list,
        json_schema_extra=_EMPTY_LIST,
        max_length=_MOST_HOOKS,
        description="hooks of Lightning that the model has of its own; empty in records of before",
    )
    backend: Backend = Field(default=Backend.EAGER, description="how the model was computed; results agree across them")
    peak_memory_bytes: Count | None = Field(
        description="peak resident memory of the process (CPU) or peak allocation (GPU) during the run"
    )
    seconds: SecondsRecord = Field(description="wall time by purpose")
    initial_weights: InitialWeightsRecord | None = Field(
        default=None, description="the weights before training; null in records of before, and of failed runs"
    )
    weights_sha256: str | None = Field(
        pattern=r"^[0-9a-f]{64}$", description="SHA-256 of weights.safetensors beside the record"
    )
    provenance: Provenance = Field(description="what the run ran on, and when")

    @property
    def text(self) -> str:
        """How the run is named to people."""
        return f"{self.model.text} on {self.task.text}, seed {self.seed}"

    @property
    def cell_name(self) -> CellName:
        """What it shares with the runs that differ from it in their seed alone."""
        return CellName(self.model.text, self.task.text, self.protocol.text)

    def converged_row(self) -> CurveRow | None:
        """Return the evaluation at which the run converged, or None."""
        if self.converged_first is None:
            return None
        return next((row for row in self.curve if row.step == self.converged_first), None)

    @property
    def tells_target(self) -> bool:
        """Whether it holds the scores at the greatest training size alone; that of a run never evaluated lacks none."""
        return all(row.target_scores for row in self.curve)

    def target_row(self) -> CurveRow | None:
        """Return the evaluation at which the run converged on the greatest training size alone, or None."""
        metric, below = self.convergence.metric, self.convergence.below
        return next((row for row in self.curve if row.target_scores.get(metric, math.inf) < below), None)
