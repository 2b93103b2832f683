"""Every extension point of the suite. A plugin is a module or object, named by an entry point of the group
``mann_bench``, with any of these functions marked `hookimpl`. Hooks return light data and import nothing heavy.
"""

from collections.abc import Iterable

import pluggy

from mann_bench.core.protocol import Protocol
from mann_bench.core.specs import ExecutorSpec, ModelSpec, StudySpec, SyllabusSpec, TaskSpec

PROJECT = "mann_bench"

PLUGIN_API = 1
"""Version of what plugins may rely on: these hooks, the names that `mann_bench` and `mann_bench.testing` export, and
what they promise. Raised only where a plugin would have to change. A plugin declares the range that it was written for,
both ends included, as ``MANN_BENCH_PLUGIN_API = (1, 1)``; one that declares none is taken to be written for 1.
"""

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
def mann_bench_syllabuses() -> Iterable[SyllabusSpec]:  # type: ignore[empty-body]
    """Return the syllabuses that this plugin brings."""


@hookspec
def mann_bench_studies() -> Iterable[StudySpec]:  # type: ignore[empty-body]
    """Return the studies that this plugin brings."""


@hookspec
def mann_bench_executors() -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]
    """Return the executors that this plugin brings."""
