"""Build the model, the task and the syllabus of a run from its resolved components."""

from typing import Any

from mann_bench.core.closed_streams import closed_to, opened
from mann_bench.core.loading import code_of, load_target
from mann_bench.core.plugin_code import BUILT, Tell, warn
from mann_bench.core.runs import Component
from mann_bench.models.base import SequenceModule
from mann_bench.syllabuses.base import Syllabus
from mann_bench.tasks.base import SequenceTask


def build_task(component: Component, tell: Tell = warn) -> SequenceTask:
    """Return the task of a run; raises ValueError where its options do not go together.

    As of a model and a syllabus, `tell` is told what its code changed for everybody.
    """
    with opened():
        task: SequenceTask = _built(component, tell)
    return task


def build_model(component: Component, task: SequenceTask, tell: Tell = warn) -> SequenceModule:
    """Return a model with fresh weights for `task`; raises ValueError where its options do not go together."""
    with closed_to(component):
        model: SequenceModule = _built(component, tell, task.input_size, task.output_size)
    return model


def build_syllabus(component: Component, task: SequenceTask, tell: Tell = warn) -> Syllabus:
    """Return a syllabus for the training sizes of `task`; raises ValueError where its options do not go together."""
    syllabus: Syllabus = _built(component, tell, task.training_sizes())
    return syllabus


def load_class(component: Component, tell: Tell = warn) -> Any:
    """Import the class that a component names; raises PluginUnavailableError."""
    return load_target(component.name, component.target, component.distribution, tell)


def _built(component: Component, tell: Tell, *arguments: Any) -> Any:
    loaded = load_class(component, tell)
    with code_of(component.distribution, repr(component.text), BUILT, tell):
        return loaded(*arguments, **component.options)
