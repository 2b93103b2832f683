"""Find the plugins that are installed, load one, and check what it brings."""

import importlib.metadata
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

import pluggy

from mann_bench import hookspecs
from mann_bench.core.plugin_code import OWN_DISTRIBUTION
from mann_bench.core.protocol import Protocol
from mann_bench.core.specs import ExecutorSpec, ModelSpec, StudySpec, SyllabusSpec, TaskSpec

ENTRY_POINT_GROUP = "mann_bench"
PLUGINS_VARIABLE = "MANN_BENCH_PLUGINS"

Spec = TypeVar("Spec", ModelSpec, TaskSpec, Protocol, SyllabusSpec, StudySpec, ExecutorSpec)


@dataclass(frozen=True, eq=False)
class Kind(Generic[Spec]):
    """One kind of what plugins bring.

    Attributes:
        singular, plural: what it is called. The plural ends the name of its hook, and names the field of a registry.
        spec: what the hook returns.
        pattern, words: how names are written, as a regular expression and for people.
    """

    singular: str
    plural: str
    spec: type[Spec]
    pattern: str = "[a-z][a-z0-9_]*"
    words: str = "lower case, digits and underscores"


MODEL = Kind("model", "models", ModelSpec)
TASK = Kind("task", "tasks", TaskSpec)
PROTOCOL = Kind("protocol", "protocols", Protocol)
SYLLABUS = Kind("syllabus", "syllabuses", SyllabusSpec)
STUDY = Kind("study", "studies", StudySpec, "[a-z][a-z0-9-]*", "lower case, digits and hyphens")
EXECUTOR = Kind("executor", "executors", ExecutorSpec)
KINDS: tuple[Kind[Any], ...] = (MODEL, TASK, PROTOCOL, SYLLABUS, STUDY, EXECUTOR)

Brought = Mapping[Kind[Any], list[Any]]
"""The specs that a plugin brings, by kind."""


class Status(StrEnum):
    """What became of a plugin."""

    LOADED = "loaded"
    OFF = "off"
    BROKEN = "broken"


@dataclass(frozen=True)
class Plugin:
    """One entry point and what became of it.

    Attributes:
        name: the entry point's name.
        distribution, version: who brought it.
        status: loaded, off or broken.
        reason: why it is not loaded; empty where it is.
        brings: names of its models, tasks, protocols, syllabuses, studies and executors, as far as they are known.
        api: the highest plugin API that it is written for.
    """

    name: str
    distribution: str
    version: str
    status: Status
    reason: str = ""
    brings: tuple[str, ...] = ()
    api: int = 1

    @property
    def text(self) -> str:
        """How the plugin is named to people."""
        return f"plugin {self.name!r} of distribution {self.distribution!r}"


class RefusedError(Exception):
    """A plugin claims a name that it cannot have, or was written for another API."""


class Found(NamedTuple):
    """An entry point, with the name and the version of its distribution."""

    entry_point: importlib.metadata.EntryPoint
    distribution: str
    version: str


def entry_points() -> list[Found]:
    """Return all entry points of the group: ours first, then by distribution and name."""
    found: dict[tuple[bool, str, str], Found] = {}
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        distribution = entry_point.dist
        # A leftover dist-info folder without metadata has neither.
        name, version = (_metadata(distribution, field) for field in ("Name", "Version"))
        name = _normalised(name)
        # The same distribution can be visible twice on sys.path; the first one wins, as in an import.
        found.setdefault((name != OWN_DISTRIBUTION, name, entry_point.name), Found(entry_point, name, version))
    return [found[key] for key in sorted(found)]


def _metadata(distribution: importlib.metadata.Distribution | None, field: str) -> str:
    known = distribution is not None and field in distribution.metadata
    return distribution.metadata[field] if distribution and known else "unknown"


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def why_off(plugin: Plugin, third_party: bool) -> str | None:
    """Return why a plugin is not to be loaded; None where it is."""
    if plugin.distribution == OWN_DISTRIBUTION:
        return None
    if not third_party:
        return "switched off by --no-plugins"
    allowed = os.environ.get(PLUGINS_VARIABLE)
    if allowed is not None and plugin.name not in (part.strip() for part in allowed.split(",")):
        return f"switched off by {PLUGINS_VARIABLE}={allowed}"
    return None


def checked_api(loaded: Any, distribution: str) -> int:
    """Return the highest API that a plugin is written for; raises RefusedError where this suite has another one."""
    declared = getattr(loaded, "MANN_BENCH_PLUGIN_API", (1, 1))
    match declared:
        case (int(lowest), int(highest)) if 1 <= lowest <= highest:
            if lowest <= hookspecs.PLUGIN_API <= highest:
                return highest
            behind = OWN_DISTRIBUTION if lowest > hookspecs.PLUGIN_API else distribution
            raise RefusedError(
                f"it is written for plugin API {lowest} to {highest}, and this {OWN_DISTRIBUTION} has "
                f"{hookspecs.PLUGIN_API}; upgrade {behind}"
            )
    raise RefusedError(
        f"MANN_BENCH_PLUGIN_API is {declared!r}; expected the lowest and the highest API that it is written for, "
        f"such as (1, {hookspecs.PLUGIN_API})"
    )


def specs_of(manager: pluggy.PluginManager, loaded: Any, own: bool = False) -> Brought:
    """Register a plugin, check its hooks and return what it brings; the fields of `own` specs are known to be sound."""
    check: Callable[[Any], object] = bool
    if not own:
        from mann_bench.core.field_types import check_spec as check
    manager.register(loaded)
    manager.check_pending()
    others = [plugin for plugin in manager.get_plugins() if plugin is not loaded]
    return {
        kind: _specs_of_kind(kind, manager.subset_hook_caller(f"mann_bench_{kind.plural}", others), check)
        for kind in KINDS
    }


def _specs_of_kind(
    kind: Kind[Spec], hook: Callable[[], list[Iterable[Any]]], check: Callable[[Any], object]
) -> list[Spec]:
    specs = [spec for result in hook() for spec in result]
    for spec in specs:
        if not isinstance(spec, kind.spec):
            raise TypeError(f"hook mann_bench_{kind.plural} must return {kind.spec.__name__} objects, not {spec!r}")
        check(spec)
        if not re.fullmatch(kind.pattern, spec.name):
            raise ValueError(f"{spec.name!r} is no valid name: {kind.words}")
    return specs
