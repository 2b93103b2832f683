"""Turn the variants that a user typed into resolved components and protocols.

What needs torch imports it: options are explained without.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from mann_bench.core.backends import BACKEND_CHOICES
from mann_bench.core.errors import PluginUnavailableError, UsageError
from mann_bench.core.jobs import Device, DeviceChoice
from mann_bench.core.loading import code_of, load_target
from mann_bench.core.message_text import unstopped
from mann_bench.core.options import Option, OptionValue, options_of, resolve_options
from mann_bench.core.plugin_code import BUILT, PluginExitError, words
from mann_bench.core.protocol import UNIFORM, Protocol
from mann_bench.core.requirements import missing_requirements
from mann_bench.core.runs import Component
from mann_bench.core.variants import Variant, variant_text
from mann_bench.execution.executor import Executor
from mann_bench.plugins import MODEL, SYLLABUS, TASK, Kind
from mann_bench.registry import Registry
from mann_bench.results.text_rules import value_problems

if TYPE_CHECKING:
    from mann_bench.models.base import SequenceModule
    from mann_bench.syllabuses.base import Syllabus
    from mann_bench.tasks.base import SequenceTask

_KINDS: dict[str, Kind[Any]] = {kind.singular: kind for kind in (MODEL, TASK, SYLLABUS)}


def resolve_component(registry: Registry, kind: Literal["model", "task", "syllabus"], text: str) -> Component:
    """Return a model, task or syllabus variant with all its options; raises UsageError or PluginUnavailableError."""
    variant = Variant.parse(text)
    found = registry.find(_KINDS[kind], variant.name)
    spec, plugin = found.spec, found.plugin
    if missing := missing_requirements(spec.requires):
        raise PluginUnavailableError(
            f"{kind} {spec.name!r} of distribution {plugin.distribution!r} needs {', '.join(missing)}, which cannot be "
            f"imported here. Install what provides it; the documentation of {plugin.distribution!r} should name it."
        )
    component = Component(
        name=spec.name,
        version=spec.version,
        target=spec.target,
        distribution=plugin.distribution,
        distribution_version=plugin.version,
        options={},
        defaults={},
        given=variant.given,
    )
    options = _options(load_target(spec.name, spec.target, plugin.distribution), spec.name, plugin.distribution)
    values = _recordable(options, variant.given, f"{kind} {spec.name!r}")
    defaults = {name: option.default for name, option in options.items()}
    for name in spec.later_options:
        if name in values and values[name] == defaults[name]:
            del values[name]
    return dataclasses.replace(component, options=values, defaults=defaults)


class ResolvedExecutor(NamedTuple):
    """An executor's class, the distribution that brought it, the options that it takes, and the value of each."""

    target: Callable[..., Executor]
    distribution: str
    options: Mapping[str, Option]
    values: Mapping[str, OptionValue]


def resolve_executor_options(registry: Registry, text: str) -> ResolvedExecutor:
    """Return an executor's class and its options; raises as above."""
    variant = Variant.parse(text)
    spec, plugin = (found := registry.executor(variant.name)).spec, found.plugin
    loaded = load_target(spec.name, spec.target, plugin.distribution)
    options = _options(loaded, spec.name, plugin.distribution)
    values = resolve_options(options, variant.given, f"executor {spec.name!r}")
    return ResolvedExecutor(loaded, plugin.distribution, options, values)


def resolve_executor(registry: Registry, text: str) -> Executor:
    """Return an executor with its options; raises as above, and UsageError where they do not go together."""
    resolved = resolve_executor_options(registry, text)
    try:
        with code_of(resolved.distribution, f"executor {text!r}", BUILT):
            return resolved.target(**resolved.values)
    except (ValueError, PluginExitError) as error:
        raise UsageError(f"executor {text!r}: {unstopped(error)}.") from error


def _options(loaded: Any, name: str, distribution: str) -> dict[str, Option]:
    """Return the options of a class that a plugin brings."""
    try:
        return options_of(loaded)
    except TypeError as error:
        raise PluginUnavailableError(f"{name!r} of distribution {distribution!r}: {unstopped(error)}.") from error


def _recordable(options: Mapping[str, Option], given: Mapping[str, str], owner: str) -> dict[str, OptionValue]:
    """Return every option with its value, which a record can hold; raises UsageError."""
    values = resolve_options(options, given, owner)
    for name, value in [*given.items(), *values.items()]:
        if problem := next(value_problems(f"option {name!r}", {name: value}, finite=True), None):
            raise UsageError(f"{owner}: no record can hold {problem}.")
    return values


class ResolvedProtocol(NamedTuple):
    """A protocol, the fields that were given as typed, its canonical text, and its syllabus unless that is uniform."""

    protocol: Protocol
    given: Mapping[str, str]
    text: str
    syllabus: Component | None


def resolve_protocol(registry: Registry, text: str) -> ResolvedProtocol:
    """Return a protocol with the fields that were given changed; raises as above."""
    variant = Variant.parse(text)
    preset = registry.protocol(variant.name).spec
    owner = f"protocol {preset.name!r}"
    values = _recordable(protocol_options(preset), variant.given, owner)
    syllabus = resolve_component(registry, "syllabus", str(values["syllabus"]))
    values["syllabus"] = syllabus.text
    changed = {name: value for name, value in values.items() if value != getattr(preset, name)}
    try:
        protocol = dataclasses.replace(preset, **values)  # type: ignore[arg-type]
    except ValueError as error:
        raise UsageError(f"{owner}: {unstopped(error)}.") from error
    text = variant_text(preset.name, changed)
    return ResolvedProtocol(protocol, variant.given, text, None if syllabus.text == UNIFORM else syllabus)


def protocol_options(preset: Protocol) -> dict[str, Option]:
    """Return the fields of a protocol that users may change, with the preset's values as defaults."""
    return {
        name: dataclasses.replace(option, default=getattr(preset, name))
        for name, option in options_of(Protocol).items()
        if name not in ("name", "version")
    }


def checked_task(component: Component) -> "SequenceTask":
    """Return the task of a component; raises UsageError where its options do not go together."""
    from mann_bench.models.building import build_task

    try:
        return build_task(component)
    except Exception as error:
        raise UsageError(f"task {component.text!r} cannot be built: {_words(error)}.") from error


def checked_model(component: Component, task: "SequenceTask") -> "SequenceModule":
    """Return a model for `task`, so that what no run of it could keep is found before any training.

    Raises:
        UsageError: its options do not go together, memory has no room for it, or no record can hold its details.
    """
    import torch

    from mann_bench.core.turns import GENERATORS
    from mann_bench.execution.allocation import Allocations
    from mann_bench.models.building import build_model
    from mann_bench.results.limits import check_details

    try:
        with GENERATORS, torch.random.fork_rng(devices=[]), Allocations():  # type: ignore[no-untyped-call]
            model = build_model(component, task)
    except Exception as error:
        raise UsageError(f"model {component.text!r} cannot be built: {_words(error)}.") from error
    try:
        check_details(model.details())
    except Exception as error:
        raise UsageError(f"model {component.text!r}: no record can hold its details: {_words(error)}.") from error
    return model


def checked_syllabus(component: Component, task: "SequenceTask") -> "Syllabus":
    """Return the syllabus of a component for `task`; raises UsageError where its options do not go together."""
    from mann_bench.models.building import build_syllabus

    try:
        return build_syllabus(component, task)
    except Exception as error:
        raise UsageError(f"syllabus {component.text!r} cannot be built: {_words(error)}.") from error


def _words(error: Exception) -> str:
    """Return an error's message, with its type where it is not the ValueError of a refused option."""
    return unstopped(error if isinstance(error, ValueError) else words(error))


def resolve_backend(choice: str) -> str:
    """Return a choice of backend that is one; raises UsageError."""
    if choice not in BACKEND_CHOICES:
        raise UsageError(f"backend {choice!r}: expected {', '.join(BACKEND_CHOICES)}.")
    return choice


def resolve_device(choice: str) -> Device:
    """Return the device that ``auto``, ``cpu`` or ``cuda`` stands for here; raises UsageError."""
    if choice not in get_args(DeviceChoice):
        raise UsageError(f"device {choice!r}: expected auto, cpu or cuda.")
    import torch

    available = torch.cuda.is_available()
    if choice == "cuda" and not available:
        raise UsageError("device 'cuda': torch sees no GPU here. Use --device cpu. See also mann-bench doctor.")
    return "cuda" if available and choice != "cpu" else "cpu"


def remote_device(choice: str) -> Device:
    """Return the device that a choice stands for where it cannot be looked at from here; raises UsageError."""
    if choice not in get_args(DeviceChoice):
        raise UsageError(f"device {choice!r}: expected auto, cpu or cuda.")
    return "cuda" if choice == "cuda" else "cpu"


def device_name(device: Device) -> str:
    """Return the name of the CPU or GPU that a device is here, as records state it."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    from mann_bench.results.provenance import cpu_name

    return cpu_name()
