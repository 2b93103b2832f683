"""Build the model, the task and the syllabus of a run from its resolved components."""

from typing import Any

from mann_bench.core.loading import code_of, load_target
from mann_bench.core.plugin_code import BUILT
from mann_bench.core.runs import Component
from mann_bench.models.base import SequenceModule
from mann_bench.syllabuses.base import Syllabus
from mann_bench.tasks.base import SequenceTask


def build_task(component: Component) -> SequenceTask:
    """Return the task of a run; raises ValueError where its options do not go together."""
    task: SequenceTask = _built(component)
    return task


def build_model(component: Component, task: SequenceTask) -> SequenceModule:
    """Return a model with fresh weights for `task`; raises ValueError where its options do not go together."""
    model: SequenceModule = _built(component, task.input_size, task.output_size)
    return model


def build_syllabus(component: Component, task: SequenceTask) -> Syllabus:
    """Return a syllabus for the training sizes of `task`; raises ValueError where its options do not go together."""
    syllabus: Syllabus = _built(component, task.training_sizes())
    return syllabus


def load_class(component: Component) -> Any:
    """Import the class that a component names; raises PluginUnavailableError."""
    return load_target(component.name, component.target, component.distribution)


def _built(component: Component, *arguments: Any) -> Any:
    loaded = load_class(component)
    with code_of(component.distribution, repr(component.text), BUILT):
        return loaded(*arguments, **component.options)
