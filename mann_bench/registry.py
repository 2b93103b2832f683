"""Answer which models, tasks, protocols, syllabuses, studies and executors exist, and who brings them.

Every plugin is loaded, registered and checked as one unit. A unit that fails is rolled back and kept as a
row with its reason; it stops nothing else, and fails loudly only where it is asked for by name.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic

import pluggy

from mann_bench import hookspecs
from mann_bench.bundled import brought_by
from mann_bench.core.errors import PluginUnavailableError, UsageError, nearest
from mann_bench.core.loading import code_of
from mann_bench.core.message_text import shortened, unstopped
from mann_bench.core.plugin_code import IMPORTED, LONGEST, OWN_DISTRIBUTION, warn, words
from mann_bench.core.protocol import Protocol
from mann_bench.core.specs import ExecutorSpec, ModelSpec, StudySpec, SyllabusSpec, TaskSpec
from mann_bench.plugins import (
    EXECUTOR,
    MODEL,
    PLUGINS_VARIABLE,
    PROTOCOL,
    STUDY,
    SYLLABUS,
    TASK,
    Brought,
    Found,
    Kind,
    Plugin,
    RefusedError,
    Spec,
    Status,
    checked_api,
    entry_points,
    specs_of,
    why_off,
)


@dataclass(frozen=True)
class Registered(Generic[Spec]):
    """A spec and the plugin that brought it."""

    spec: Spec
    plugin: Plugin


@dataclass
class Registry:
    """What exists. `discover` makes one; nothing about it is global.

    Attributes:
        models, tasks, protocols, syllabuses, studies, executors: what is registered, by name.
        plugins: one row an entry point, loaded or not.
    """

    models: dict[str, Registered[ModelSpec]] = field(default_factory=dict)
    tasks: dict[str, Registered[TaskSpec]] = field(default_factory=dict)
    protocols: dict[str, Registered[Protocol]] = field(default_factory=dict)
    syllabuses: dict[str, Registered[SyllabusSpec]] = field(default_factory=dict)
    studies: dict[str, Registered[StudySpec]] = field(default_factory=dict)
    executors: dict[str, Registered[ExecutorSpec]] = field(default_factory=dict)
    plugins: list[Plugin] = field(default_factory=list)
    _contested: dict[tuple[Kind[Any], str], str] = field(default_factory=dict)
    _left: list[dict[str, str]] | None = None

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
        for found in entry_points():
            registry.plugins.append(registry._load(manager, found, third_party))
        return registry

    def all_of(self, kind: Kind[Spec]) -> dict[str, Registered[Spec]]:
        """Return what is registered of a kind, by name."""
        registered: dict[str, Registered[Spec]] = getattr(self, kind.plural)
        return registered

    def find(self, kind: Kind[Spec], name: str) -> Registered[Spec]:
        """Return what is registered of a kind under a name.

        Raises:
            UsageError: there is none; the message has the nearest name.
            PluginUnavailableError: its plugin is absent, off, broken or in conflict with another.
        """
        registered = self.all_of(kind)
        if (kind, name) in self._contested:
            raise PluginUnavailableError(
                f"{self._contested[kind, name]}. Uninstall one of them, or switch third parties off with "
                f"--no-plugins or {PLUGINS_VARIABLE}=."
            )
        if name in registered:
            return registered[name]
        self._refuse_unavailable(kind, name)
        message = (
            f"unknown {kind.singular} {name!r}.{nearest(name, registered)} Known: {', '.join(sorted(registered))}."
        )
        if missing := [f"{plugin.name!r} ({plugin.status})" for plugin in self._not_loaded()]:
            message += f" It may come from a plugin that is not loaded: {', '.join(missing)}; see mann-bench plugins."
        raise UsageError(message)

    def model(self, name: str) -> Registered[ModelSpec]:
        """Return what is registered of a model; raises as `find`."""
        return self.find(MODEL, name)

    def task(self, name: str) -> Registered[TaskSpec]:
        """Return what is registered of a task; raises as `find`."""
        return self.find(TASK, name)

    def protocol(self, name: str) -> Registered[Protocol]:
        """Return what is registered of a protocol; raises as `find`."""
        return self.find(PROTOCOL, name)

    def syllabus(self, name: str) -> Registered[SyllabusSpec]:
        """Return what is registered of a syllabus; raises as `find`."""
        return self.find(SYLLABUS, name)

    def study(self, name: str) -> Registered[StudySpec]:
        """Return what is registered of a study; raises as `find`."""
        return self.find(STUDY, name)

    def executor(self, name: str) -> Registered[ExecutorSpec]:
        """Return what is registered of an executor; raises as `find`."""
        return self.find(EXECUTOR, name)

    @property
    def contested(self) -> list[str]:
        """The names that two distributions claim, in words."""
        return list(self._contested.values())

    def with_own_names(self) -> "Registry":
        """Return a registry in which contested names that the suite itself brings are the suite's."""
        others = {
            (kind, name): text
            for (kind, name), text in self._contested.items()
            if self.all_of(kind)[name].plugin.distribution != OWN_DISTRIBUTION
        }
        return dataclasses.replace(self, _contested=others)

    @property
    def broken(self) -> list[Plugin]:
        """The plugins that failed to load."""
        return [plugin for plugin in self.plugins if plugin.status is Status.BROKEN]

    def _not_loaded(self) -> Iterator[Plugin]:
        return (plugin for plugin in self.plugins if plugin.status is not Status.LOADED)

    def _load(self, manager: pluggy.PluginManager, found: Found, third_party: bool) -> Plugin:
        row = Plugin(found.entry_point.name, found.distribution, found.version, Status.LOADED)
        if off := why_off(row, third_party):
            return dataclasses.replace(row, status=Status.OFF, reason=off)
        if reason := self._deadly(row):
            return dataclasses.replace(row, status=Status.BROKEN, reason=reason)
        loaded: Any = None
        try:
            with code_of(found.distribution, f"plugin {row.name!r}", IMPORTED):
                loaded = found.entry_point.load()
                row = dataclasses.replace(row, api=checked_api(loaded, found.distribution))
                brought = specs_of(manager, loaded, own=found.distribution == OWN_DISTRIBUTION)
            row = dataclasses.replace(row, brings=tuple(spec.name for specs in brought.values() for spec in specs))
            self._claim(brought, row)
        except Exception as error:
            if loaded is not None and manager.is_registered(loaded):
                manager.unregister(loaded)
            reason = shortened(str(error), LONGEST) if isinstance(error, RefusedError) else words(error)
            return dataclasses.replace(row, status=Status.BROKEN, reason=reason)
        return row

    def _deadly(self, row: Plugin) -> str | None:
        """Return why a plugin is not imported that took an earlier process down, and does so again."""
        if row.distribution == OWN_DISTRIBUTION:
            return None
        if self._left is None:
            from mann_bench.core.marks import left_behind

            self._left = left_behind()
            for mark in self._left:
                warn(f"An earlier process of mann-bench ended while {mark.get('who')} was being {mark.get('doing')}.")
        if {"who": row.text, "doing": IMPORTED} in self._left:
            from mann_bench.trial import trial

            return trial(row)
        return None

    def _claim(self, brought: Brought, plugin: Plugin) -> None:
        """Enter all specs of a plugin, or none."""
        problems = [text for kind, specs in brought.items() for text in self._conflicts(kind, specs, plugin)]
        if problems:
            raise RefusedError("; ".join(dict.fromkeys(problems)))
        for kind, specs in brought.items():
            self.all_of(kind).update({spec.name: Registered(spec, plugin) for spec in specs})

    def _conflicts(self, kind: Kind[Spec], specs: list[Spec], plugin: Plugin) -> Iterator[str]:
        """Yield which names cannot be had; those of another plugin belong to neither from now on."""
        registered, names = self.all_of(kind), [spec.name for spec in specs]
        for name in names:
            if names.count(name) > 1:
                yield f"it brings {kind.singular} {name!r} twice"
            elif name in registered:
                self._contested[kind, name] = text = (
                    f"{kind.singular} {name!r} is claimed by two distributions, "
                    f"{registered[name].plugin.distribution!r} and {plugin.distribution!r}"
                )
                yield text

    def _refuse_unavailable(self, kind: Kind[Any], name: str) -> None:
        """Raise PluginUnavailableError where `name` is a plugin that is not loaded, or was to come from one."""
        distribution = brought_by(kind.singular, name)
        for plugin in self._not_loaded():
            if name in (plugin.name, *plugin.brings) or plugin.distribution == distribution:
                raise PluginUnavailableError(
                    f"{name!r} belongs to plugin {plugin.name!r} of distribution {plugin.distribution!r}, "
                    f"which is {plugin.status}: {unstopped(plugin.reason)}."
                )
        if distribution:
            raise PluginUnavailableError(
                f"{kind.singular} {name!r} comes with distribution {distribution!r}, which is not installed here. "
                f"Install it: pip install {distribution}."
            )
