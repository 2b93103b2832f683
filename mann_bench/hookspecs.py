"""Every extension point of the suite. A plugin is a module or object, named by an entry point of the group
``mann_bench``, with any of these functions marked `hookimpl`. Hooks return light data and import nothing heavy.
"""

from collections.abc import Iterable

import pluggy

from mann_bench.core.protocol import Protocol
from mann_bench.core.specs import ModelSpec, StudySpec, TaskSpec

PROJECT = "mann_bench"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def mann_bench_models() -> Iterable[ModelSpec]:  # type: ignore[empty-body]
    """Return the models that this plugin brings."""


@hookspec
def mann_bench_tasks() -> Iterable[TaskSpec]:  # type: ignore[empty-body]
    """Return the tasks that this plugin brings."""


@hookspec
def mann_bench_protocols() -> Iterable[Protocol]:  # type: ignore[empty-body]
    """Return the protocols that this plugin brings."""


@hookspec
def mann_bench_studies() -> Iterable[StudySpec]:  # type: ignore[empty-body]
    """Return the studies that this plugin brings."""
