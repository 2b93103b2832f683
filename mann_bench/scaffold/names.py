"""What the parts of a new plugin are called, and whether those names can be had."""

import importlib.util
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import mann_bench
from mann_bench.core.errors import UsageError
from mann_bench.registry import Registered, Registry

LONGEST_NAME = 60
_PATTERN = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


class PluginKind(StrEnum):
    """What a new plugin brings."""

    MODEL = "model"
    TASK = "task"
    BOTH = "both"


@dataclass(frozen=True)
class Names:
    """What the parts of a new plugin are called.

    Attributes:
        distribution: what pip installs, and the name of the entry point, such as ``acme-memory``.
        package: what Python imports, such as ``acme_memory``.
        model: what users type for the model, None where there is none; the package's name.
        task: the same for the task; the package's name, with ``_task`` where there is a model too.
    """

    distribution: str
    package: str
    model: str | None
    task: str | None

    @classmethod
    def of(cls, name: str, kind: PluginKind) -> "Names":
        """Derive all names from that of the distribution; raises UsageError where it is none or no package's."""
        if not _PATTERN.fullmatch(name) or len(name) > LONGEST_NAME:
            raise UsageError(
                f"{name!r} is no name for a plugin: expected lower case, digits and single hyphens, a letter first, "
                f"at most {LONGEST_NAME} characters.{_suggestion(name)}"
            )
        package = name.replace("-", "_")
        if keyword.iskeyword(package):
            raise UsageError(f"{name!r} is a keyword of Python and cannot be imported. Try 'my-{name}'.")
        model = None if kind is PluginKind.TASK else package
        task = None if kind is PluginKind.MODEL else f"{package}_task" if model else package
        return cls(package.replace("_", "-"), package, model, task)

    @property
    def model_class(self) -> str | None:
        """Class of the model, such as ``AcmeMemory``."""
        return _class_name(self.model)

    @property
    def task_class(self) -> str | None:
        """Class of the task, such as ``AcmeMemoryTask``."""
        return _class_name(self.task)


def check_free(names: Names, registry: Registry) -> None:
    """Raise UsageError where a name is taken: by a model, a task, a plugin, a package or a public name of the suite."""
    wanted: tuple[tuple[str, str | None, Mapping[str, Registered[Any]]], ...] = (
        ("model", names.model, registry.models),
        ("task", names.task, registry.tasks),
    )
    taken = [
        f"{kind} {name!r} exists, from {entries[name].plugin.distribution}"
        for kind, name, entries in wanted
        if name and name in entries
    ]
    taken += [f"plugin {each.name!r} is installed" for each in registry.plugins if each.name == names.distribution]
    taken += [
        f"class {each} would hide mann_bench.{each}"
        for each in (names.model_class, names.task_class)
        if each in mann_bench.__all__
    ]
    if not taken and importlib.util.find_spec(names.package):
        taken.append(f"a package {names.package!r} is installed, and only one of them could be imported")
    if taken:
        raise UsageError(f"{names.distribution!r} cannot be had: {'; '.join(taken)}. Try 'my-{names.distribution}'.")


def _class_name(name: str | None) -> str | None:
    return name and "".join(part.capitalize() for part in name.split("_"))


def _suggestion(name: str) -> str:
    """Return the nearest name that is one, as words, or an empty string."""
    near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:LONGEST_NAME].rstrip("-")
    return f" Did you mean {near!r}?" if near else ""
