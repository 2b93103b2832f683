"""One run, fully resolved, and the key that is its identity everywhere."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from mann_bench.core.options import OptionValue
from mann_bench.core.protocol import Protocol
from mann_bench.core.specs import ConvergenceRule
from mann_bench.core.variants import variant_text

_KEY_VERSION = 1


def run_key(
    *,
    model: Mapping[str, Any],
    task: Mapping[str, Any],
    convergence: Mapping[str, Any],
    protocol: Mapping[str, Any],
    seed: int,
    syllabus: Mapping[str, Any] | None = None,
) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON of everything that determines the outcome of a run.

    Args:
        model, task: as of `Component.identity`.
        convergence: the fields of the task's `ConvergenceRule`.
        protocol: the fields of the `Protocol` as of `recorded`, its name and version among them.
        seed: of the run.
        syllabus: as of `Component.identity`; None for the uniform one.
    """
    content: dict[str, Any] = {
        "key_version": _KEY_VERSION,
        "model": model,
        "task": task,
        "convergence": convergence,
        "protocol": protocol,
        "seed": seed,
    }
    if syllabus is not None:
        content["syllabus"] = syllabus
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def short_key(key: str) -> str:
    """Return the first digits of a run key: those that people read and type."""
    return key[:12]


class Outcome(StrEnum):
    """How a run ended. All of them stay in every statistic."""

    CONVERGED = "converged"
    NOT_CONVERGED = "not_converged"
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def words(self) -> str:
        """How people read it."""
        return self.value.replace("_", " ")

    @property
    def broke_off(self) -> bool:
        """Whether the run diverged or failed: what it had not reached by then, it never would have."""
        return self in (Outcome.DIVERGED, Outcome.FAILED)


@dataclass(frozen=True)
class Component:
    """A model, a task or a syllabus with every option resolved, and the distribution that brought it.

    Attributes:
        name, version, target: as in its spec.
        distribution, distribution_version: what to install to get it; the version is not part of the key.
        options: every option with its value, but those that a run key leaves out (`ModelSpec.later_options`).
        defaults: every option with its default.
        given: the options as the user typed them.
    """

    name: str
    version: int
    target: str
    distribution: str
    distribution_version: str
    options: Mapping[str, OptionValue]
    defaults: Mapping[str, OptionValue]
    given: Mapping[str, str]

    @property
    def text(self) -> str:
        """The variant's canonical text: its name and the options that differ from their defaults."""
        return variant_text(self.name, {k: v for k, v in self.options.items() if v != self.defaults[k]})

    def identity(self) -> dict[str, Any]:
        """What distinguishes this component in a run key."""
        return {
            "name": self.name,
            "version": self.version,
            "distribution": self.distribution,
            "options": dict(self.options),
        }


@dataclass(frozen=True)
class Run:
    """One model variant on one task variant with one seed under one protocol: the unit of work.

    `syllabus` is the protocol's, resolved; None for the uniform one, which every task follows by itself.
    """

    model: Component
    task: Component
    convergence: ConvergenceRule
    protocol: Protocol
    protocol_given: Mapping[str, str]
    protocol_text: str
    seed: int
    syllabus: Component | None = None

    @cached_property
    def key(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON of everything that determines the outcome."""
        return run_key(
            model=self.model.identity(),
            task=self.task.identity(),
            convergence={"metric": self.convergence.metric, "below": self.convergence.below},
            protocol=self.protocol.recorded(),
            seed=self.seed,
            syllabus=self.syllabus.identity() if self.syllabus else None,
        )

    @property
    def text(self) -> str:
        """How the run is named to people: ``ntm on copy, seed 0``."""
        return f"{self.model.text} on {self.task.text}, seed {self.seed}"


class CellName(NamedTuple):
    """What runs share that differ in their seed alone, as canonical texts."""

    model: str
    task: str
    protocol: str

    @classmethod
    def of(cls, run: Run) -> "CellName":
        """Return the cell that a run belongs to."""
        return cls(run.model.text, run.task.text, run.protocol_text)

    def __str__(self) -> str:
        return f"{self.model} on {self.task} under {self.protocol}"
