"""Find plugins, isolate broken ones, and answer which models, tasks, protocols, studies and executors exist.

Every plugin is loaded, registered and checked as one unit. A unit that fails is rolled back and kept as a
row with its reason; it stops nothing else, and fails loudly only where it is asked for by name.
"""

import dataclasses
import importlib.metadata
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

import pluggy

from mann_bench import hookspecs
from mann_bench.core.errors import PluginUnavailableError, UsageError, nearest
from mann_bench.core.message_text import unstopped
from mann_bench.core.protocol import Protocol
from mann_bench.core.specs import ExecutorSpec, ModelSpec, StudySpec, TaskSpec

OWN_DISTRIBUTION = "mann-bench"
ENTRY_POINT_GROUP = "mann_bench"
PLUGINS_VARIABLE = "MANN_BENCH_PLUGINS"

_ELSEWHERE = {"slurm": "mann-bench-slurm", "ray": "mann-bench-ray"}
"""Executors that have a distribution of their own."""

Spec = TypeVar("Spec", ModelSpec, TaskSpec, Protocol, StudySpec, ExecutorSpec)


class _Kind(NamedTuple):
    """What one of a kind is called, what hooks return for it and how its names are written."""

    singular: str
    type: Any
    pattern: str = "[a-z][a-z0-9_]*"
    words: str = "lower case, digits and underscores"


_KINDS = {
    "models": _Kind("model", ModelSpec),
    "tasks": _Kind("task", TaskSpec),
    "protocols": _Kind("protocol", Protocol),
    "studies": _Kind("study", StudySpec, "[a-z][a-z0-9-]*", "lower case, digits and hyphens"),
    "executors": _Kind("executor", ExecutorSpec),
}


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
        brings: names of its models, tasks, protocols, studies and executors, as far as they are known.
        api: the highest plugin API that it is written for.
    """

    name: str
    distribution: str
    version: str
    status: Status
    reason: str = ""
    brings: tuple[str, ...] = ()
    api: int = 1


@dataclass(frozen=True)
class Registered(Generic[Spec]):
    """A spec and the plugin that brought it."""

    spec: Spec
    plugin: Plugin


@dataclass
class Registry:
    """What exists. `discover` makes one; nothing about it is global.

    Attributes:
        models, tasks, protocols, studies, executors: what is registered, by name.
        plugins: one row an entry point, loaded or not.
    """

    models: dict[str, Registered[ModelSpec]] = field(default_factory=dict)
    tasks: dict[str, Registered[TaskSpec]] = field(default_factory=dict)
    protocols: dict[str, Registered[Protocol]] = field(default_factory=dict)
    studies: dict[str, Registered[StudySpec]] = field(default_factory=dict)
    executors: dict[str, Registered[ExecutorSpec]] = field(default_factory=dict)
    plugins: list[Plugin] = field(default_factory=list)
    _contested: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def discover(cls, third_party: bool = True) -> "Registry":
        """Load every plugin that is installed.

        Args:
            third_party: whether to load others than the built-in one. The environment variable
                ``MANN_BENCH_PLUGINS`` narrows them to a comma-separated list of entry points; empty is none.
        """
        registry = cls()
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        for found in _entry_points():
            registry._load(manager, found, third_party)
        return registry

    def model(self, name: str) -> Registered[ModelSpec]:
        """Return what is registered of a model; raises UsageError or PluginUnavailableError."""
        return self._registered("models", self.models, name)

    def task(self, name: str) -> Registered[TaskSpec]:
        """Return what is registered of a task; raises UsageError or PluginUnavailableError."""
        return self._registered("tasks", self.tasks, name)

    def protocol(self, name: str) -> Registered[Protocol]:
        """Return what is registered of a protocol; raises UsageError or PluginUnavailableError."""
        return self._registered("protocols", self.protocols, name)

    def study(self, name: str) -> Registered[StudySpec]:
        """Return what is registered of a study; raises UsageError or PluginUnavailableError."""
        return self._registered("studies", self.studies, name)

    def executor(self, name: str) -> Registered[ExecutorSpec]:
        """Return what is registered of an executor; raises UsageError or PluginUnavailableError."""
        if name in _ELSEWHERE and name not in self.executors:
            self._refuse_absent(name, _ELSEWHERE[name])
        return self._registered("executors", self.executors, name)

    @property
    def broken(self) -> list[Plugin]:
        """The plugins that failed to load."""
        return [plugin for plugin in self.plugins if plugin.status is Status.BROKEN]

    def _load(self, manager: pluggy.PluginManager, found: "_Found", third_party: bool) -> None:
        row = Plugin(found.entry_point.name, found.distribution, found.version, Status.LOADED)
        off = _switched_off(row, third_party)
        if off:
            self.plugins.append(dataclasses.replace(row, status=Status.OFF, reason=off))
            return
        loaded: Any = None
        specs: dict[str, list[Any]] = {}
        try:
            loaded = found.entry_point.load()
            row = dataclasses.replace(row, api=_checked_api(loaded, found.distribution))
            specs = _specs_of(manager, loaded)
            row = dataclasses.replace(row, brings=tuple(s.name for kind in specs.values() for s in kind))
            self._claim(specs, row)
        except (Exception, SystemExit) as error:
            if loaded is not None and manager.is_registered(loaded):
                manager.unregister(loaded)
            reason = str(error) if isinstance(error, _RefusedError) else f"{type(error).__name__}: {error}"
            row = dataclasses.replace(row, status=Status.BROKEN, reason=reason)
        self.plugins.append(row)

    def _claim(self, specs: Mapping[str, list[Any]], plugin: Plugin) -> None:
        """Enter all specs of a plugin, or none."""
        problems = []
        for kind, claimed in specs.items():
            registered: dict[str, Any] = getattr(self, kind)
            names, singular = [spec.name for spec in claimed], _KINDS[kind].singular
            for name in names:
                if names.count(name) > 1:
                    problems.append(f"it brings {singular} {name!r} twice")
                elif name in registered:
                    other = registered[name].plugin
                    text = (
                        f"{singular} {name!r} is claimed by two distributions, {other.distribution!r} and "
                        f"{plugin.distribution!r}"
                    )
                    self._contested[kind, name] = text
                    problems.append(text)
        if problems:
            raise _RefusedError("; ".join(dict.fromkeys(problems)))
        for kind, claimed in specs.items():
            getattr(self, kind).update({spec.name: Registered(spec, plugin) for spec in claimed})

    def _registered(self, kind: str, registered: Mapping[str, Registered[Spec]], name: str) -> Registered[Spec]:
        if (kind, name) in self._contested:
            raise PluginUnavailableError(
                f"{self._contested[kind, name]}. Uninstall one of them, or switch third parties off with "
                f"--no-plugins or {PLUGINS_VARIABLE}=."
            )
        if name in registered:
            return registered[name]
        self._refuse_unloaded(name)
        singular, known = _KINDS[kind].singular, ", ".join(sorted(registered))
        message = f"unknown {singular} {name!r}.{nearest(name, registered)} Known: {known}."
        missing = [
            f"{plugin.name!r} ({plugin.status})" for plugin in self.plugins if plugin.status is not Status.LOADED
        ]
        if missing:
            message += f" It may come from a plugin that is not loaded: {', '.join(missing)}; see mann-bench plugins."
        raise UsageError(message)

    def _refuse_unloaded(self, name: str, distribution: str | None = None) -> None:
        """Raise PluginUnavailableError where `name` is a plugin that is not loaded, or was to come from one."""
        for plugin in self.plugins:
            known = name in (plugin.name, *plugin.brings) or plugin.distribution == distribution
            if plugin.status is not Status.LOADED and known:
                raise PluginUnavailableError(
                    f"{name!r} belongs to plugin {plugin.name!r} of distribution {plugin.distribution!r}, "
                    f"which is {plugin.status}: {unstopped(plugin.reason)}."
                )

    def _refuse_absent(self, executor: str, distribution: str) -> None:
        self._refuse_unloaded(executor, distribution)
        raise PluginUnavailableError(
            f"executor {executor!r} comes with distribution {distribution!r}, which is not installed here. "
            f"Install it: pip install {distribution}."
        )


class _RefusedError(Exception):
    """A plugin claims a name that it cannot have, or was written for another API."""


class _Found(NamedTuple):
    entry_point: importlib.metadata.EntryPoint
    distribution: str
    version: str


def _entry_points() -> list[_Found]:
    """Return all entry points of the group: ours first, then by distribution and name."""
    found: dict[tuple[bool, str, str], _Found] = {}
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        distribution = entry_point.dist
        # A leftover dist-info folder without metadata has neither.
        name, version = (_metadata(distribution, field) for field in ("Name", "Version"))
        name = _normalised(name)
        # The same distribution can be visible twice on sys.path; the first one wins, as in an import.
        found.setdefault((name != OWN_DISTRIBUTION, name, entry_point.name), _Found(entry_point, name, version))
    return [found[key] for key in sorted(found)]


def _metadata(distribution: importlib.metadata.Distribution | None, field: str) -> str:
    known = distribution is not None and field in distribution.metadata
    return distribution.metadata[field] if distribution and known else "unknown"


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _switched_off(plugin: Plugin, third_party: bool) -> str:
    """Return why a plugin is not to be loaded, or an empty string."""
    if plugin.distribution == OWN_DISTRIBUTION:
        return ""
    if not third_party:
        return "switched off by --no-plugins"
    allowed = os.environ.get(PLUGINS_VARIABLE)
    if allowed is not None and plugin.name not in (part.strip() for part in allowed.split(",")):
        return f"switched off by {PLUGINS_VARIABLE}={allowed}"
    return ""


def _checked_api(loaded: Any, distribution: str) -> int:
    """Return the highest API that a plugin is written for; raises _RefusedError where this suite has another one."""
    declared = getattr(loaded, "MANN_BENCH_PLUGIN_API", (1, 1))
    match declared:
        case (int(lowest), int(highest)) if 1 <= lowest <= highest:
            if lowest <= hookspecs.PLUGIN_API <= highest:
                return highest
            behind = OWN_DISTRIBUTION if lowest > hookspecs.PLUGIN_API else distribution
            raise _RefusedError(
                f"it is written for plugin API {lowest} to {highest}, and this {OWN_DISTRIBUTION} has "
                f"{hookspecs.PLUGIN_API}; upgrade {behind}"
            )
    raise _RefusedError(
        f"MANN_BENCH_PLUGIN_API is {declared!r}; expected the lowest and the highest API that it is written for, "
        f"such as (1, {hookspecs.PLUGIN_API})"
    )


def _specs_of(manager: pluggy.PluginManager, loaded: Any) -> dict[str, list[Any]]:
    """Register a plugin, check its hooks and return what it brings, by kind."""
    manager.register(loaded)
    manager.check_pending()
    others = [plugin for plugin in manager.get_plugins() if plugin is not loaded]
    specs: dict[str, list[Any]] = {}
    for name, kind in _KINDS.items():
        call: Callable[[], list[Iterable[Any]]] = manager.subset_hook_caller(f"mann_bench_{name}", others)
        specs[name] = [spec for result in call() for spec in result]
        for spec in specs[name]:
            if not isinstance(spec, kind.type):
                raise TypeError(f"hook mann_bench_{name} must return {kind.type.__name__} objects, not {spec!r}")
            if not re.fullmatch(kind.pattern, spec.name):
                raise ValueError(f"{spec.name!r} is no valid name: {kind.words}")
    return specs
