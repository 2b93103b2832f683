"""The protocol: the recipe that every run of a comparison shares."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args

Optimizer = Literal["adam", "rmsprop"]

GraceAfter = Literal["mix", "both"]

Schedule = Literal["constant", "cosine"]

TrainingMethod = Literal["training_step", "configure_optimizers", "clip_gradient_norm", "manual_backward", "optimizers"]
"""The methods of a model by which it is trained as the protocol says, unless it has its own."""


UNIFORM = "uniform"
"""The syllabus of protocols that name none: the sizes of a task's training distribution are all equally likely."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A named, versioned recipe. The defaults are ``collier2018`` (Collier & Beel, ICANN 2018, section 4).

    Args:
        name: what users type.
        version: raised whenever the same fields would train or measure differently; part of the run key.
        optimizer: ``adam``, or ``rmsprop`` (torch's, with `momentum`); Graves et al. 2014 use RMSProp.
        learning_rate: of the optimiser, above 0; with warm-up or a schedule, the highest.
        momentum: of RMSProp, from 0 to below 1; Adam does not use it. Graves et al. 2014 use 0.9.
        batch_size: sequences a training step, 1 or more.
        gradient_clip_norm: bound of the global gradient norm, above 0; none leaves gradients as they are.
        max_steps: budget, in training steps, 1 or more.
        evaluate_every: training steps between two evaluations on the validation stream, 1 or more.
        validation_sequences: sequences an evaluation, spread evenly over the training sizes, 1 or more.
        grace: training steps that a converged run goes on for, within the budget, 0 or more.
        grace_after: where a run has to converge before its grace begins: on the ``mix`` of all training sizes, or on
            ``both`` the mix and the greatest size alone. Of a task without a greatest size, the mix alone is asked for.
        probe_every: training steps between two measurements of the length grid on the probe stream; 0 is never.
        probe_sequences: sequences a size of the probe, 1 or more.
        test_sequences: sequences a size of the final length-generalisation test, 1 or more.
        syllabus: rule by which the size of a training batch is drawn, as a variant: ``naive``, ``look_back:stay=0.5``.
        weight_decay: of Adam, 0 or more; above 0 it is decoupled, as AdamW has it (Loshchilov & Hutter, ICLR 2019).
        warmup_steps: training steps over which the rate rises in equal steps up to `learning_rate`, 0 or more and fewer
            than `max_steps`.
        schedule: what the rate does after the warm-up: it stays ``constant``, or falls to 0 at `max_steps` along half a
            ``cosine``, wherever the run ends.
    """

    name: str = "collier2018"
    version: int = 1
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    batch_size: int = 32
    gradient_clip_norm: float | None = 50.0
    max_steps: int = 31_250
    evaluate_every: int = 200
    validation_sequences: int = 640
    grace: int = 2_000
    probe_every: int = 1_000
    probe_sequences: int = 64
    test_sequences: int = 192
    syllabus: str = UNIFORM
    grace_after: GraceAfter = "mix"
    weight_decay: float = 0.0
    warmup_steps: int = 0
    schedule: Schedule = "constant"

    def recorded(self) -> dict[str, Any]:
        """Return the fields as records and run keys state them.

        Fields that are younger than the first records are left out where they have their defaults, so that a run keeps
        the key that it had before there were any.
        """
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in fields.items() if name not in _LATER or value != getattr(Protocol, name)}

    def __post_init__(self) -> None:
        for field, least in _LEAST.items():
            if getattr(self, field) < least:
                raise ValueError(f"{field} must be at least {least}, not {getattr(self, field)}")
        for field, kind in _ONE_OF.items():
            if (value := getattr(self, field)) not in get_args(kind):
                raise ValueError(f"{field} must be one of {', '.join(get_args(kind))}, not {value!r}")
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"learning_rate must be a positive number, not {self.learning_rate}")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must be in [0, 1), not {self.momentum}")
        if self.gradient_clip_norm is not None and not 0 < self.gradient_clip_norm < float("inf"):
            raise ValueError(f"gradient_clip_norm must be positive or none, not {self.gradient_clip_norm}")
        if not 0 <= self.weight_decay < float("inf"):
            raise ValueError(f"weight_decay must be 0 or a positive number, not {self.weight_decay}")
        if self.weight_decay and self.optimizer != "adam":
            raise ValueError(f"weight_decay is that of AdamW: it needs optimizer=adam, not {self.optimizer}")
        if self.warmup_steps >= self.max_steps:
            raise ValueError(f"warmup_steps must be below max_steps, {self.max_steps}, not {self.warmup_steps}")


_LEAST = {
    "batch_size": 1,
    "max_steps": 1,
    "evaluate_every": 1,
    "validation_sequences": 1,
    "grace": 0,
    "probe_every": 0,
    "probe_sequences": 1,
    "test_sequences": 1,
    "warmup_steps": 0,
}

_ONE_OF = {"optimizer": Optimizer, "grace_after": GraceAfter, "schedule": Schedule}

_LATER = frozenset({"syllabus", "grace_after", "weight_decay", "warmup_steps", "schedule"})
