"""What the clauses check: a model, task or syllabus variant, built anew whenever a clause asks."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

import torch
from torch.nn import functional

from mann_bench.core.runs import Component
from mann_bench.core.sizes import Size
from mann_bench.core.specs import ModelSpec, SyllabusSpec, TaskSpec
from mann_bench.execution.resolve import resolve_component
from mann_bench.models.base import SequenceModule
from mann_bench.models.building import build_task, load_class
from mann_bench.plugins import Plugin
from mann_bench.registry import Registry
from mann_bench.syllabuses.base import Syllabus
from mann_bench.tasks.base import SequenceTask
from mann_bench.testing.tensors import bits

Kind = Literal["model", "task", "syllabus"]
SpecT = TypeVar("SpecT", ModelSpec, TaskSpec, SyllabusSpec)

_KINDS: dict[type, Kind] = {ModelSpec: "model", TaskSpec: "task", SyllabusSpec: "syllabus"}

INPUT_SIZE, OUTPUT_SIZE = 3, 2
"""Channels of the models that clauses build: unlike each other, so that a mix-up shows."""


@dataclass(frozen=True, eq=False)
class Subject(Generic[SpecT]):
    """A variant, as text, of something that a registry knows.

    Attributes:
        registry: where it is known.
        text: the variant as typed.
        spec: what its plugin says about it.
    """

    registry: Registry
    text: str
    spec: SpecT

    @property
    def kind(self) -> Kind:
        """Whether it is a model, a task or a syllabus."""
        return _KINDS[type(self.spec)]

    @cached_property
    def component(self) -> Component:
        """The variant with all its options; raises UsageError or PluginUnavailableError."""
        return resolve_component(self.registry, self.kind, self.text)

    @cached_property
    def target(self) -> Any:
        """The class."""
        return load_class(self.component)

    @property
    def plugin(self) -> Plugin:
        """Who brings it."""
        plugin: Plugin = getattr(self.registry, self.kind)(self.spec.name).plugin
        return plugin

    @property
    def doc(self) -> str:
        """The class's own docstring, without its indentation; empty where there is none."""
        return inspect.cleandoc(self.target.__doc__ or "")


class ModelSubject(Subject[ModelSpec]):
    """A model variant."""

    def build(self, seed: int = 0, input_size: int = INPUT_SIZE, output_size: int = OUTPUT_SIZE) -> SequenceModule:
        """Return the model with fresh weights, ready to be evaluated."""
        torch.manual_seed(seed)
        model: SequenceModule = self.target(input_size, output_size, **self.component.options)
        return model.eval()

    @torch.enable_grad()
    def trained(self, input_size: int = INPUT_SIZE, output_size: int = OUTPUT_SIZE) -> SequenceModule:
        """Return the model after a few optimiser steps on random bits: no layer is left at a start of zero."""
        model = self.build(0, input_size, output_size)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        for step in range(3):
            optimizer.zero_grad()
            logits, targets = model(bits(6, 4, input_size, step)), bits(6, 4, output_size, seed=100 + step)
            torch.autograd.backward(functional.binary_cross_entropy_with_logits(logits, targets))
            optimizer.step()
        optimizer.zero_grad()
        return model


class TaskSubject(Subject[TaskSpec]):
    """A task variant."""

    def build(self, seed: int = 0) -> SequenceTask:
        """Return the task with the training stream of a seed."""
        task = build_task(self.component)
        task.seed, task.batch_size = seed, 4
        return task


class SyllabusSubject(Subject[SyllabusSpec]):
    """A syllabus variant."""

    def build(self, sizes: Sequence[Size]) -> Syllabus:
        """Return the syllabus of a run on training sizes."""
        syllabus: Syllabus = self.target(sizes, **self.component.options)
        return syllabus
