"""Turn the variants that a user typed into resolved components and protocols."""

import dataclasses
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

import torch

from mann_bench.core.errors import UsageError
from mann_bench.core.options import Option, options_of, resolve_options
from mann_bench.core.protocol import Protocol
from mann_bench.core.runs import Component
from mann_bench.core.variants import Variant, variant_text
from mann_bench.registry import Registry
from mann_bench.training.trainer import build_model, build_task, load_class

Device = Literal["cpu", "cuda"]
DeviceChoice = Literal["auto", "cpu", "cuda"]


def resolve_component(registry: Registry, kind: Literal["model", "task"], text: str) -> Component:
    """Return a model or task variant with all its options; raises UsageError or PluginUnavailableError."""
    variant = Variant.parse(text)
    entry = registry.model(variant.name) if kind == "model" else registry.task(variant.name)
    spec, plugin = entry.spec, entry.plugin
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
    options = options_of(load_class(component))
    return dataclasses.replace(
        component,
        options=resolve_options(options, variant.given, f"{kind} {spec.name!r}"),
        defaults={name: option.default for name, option in options.items()},
    )


class ResolvedProtocol(NamedTuple):
    """A protocol, the fields that were given as typed, and its canonical text."""

    protocol: Protocol
    given: Mapping[str, str]
    text: str


def resolve_protocol(registry: Registry, text: str) -> ResolvedProtocol:
    """Return a protocol with the fields that were given changed; raises as above."""
    variant = Variant.parse(text)
    preset = registry.protocol(variant.name).spec
    owner = f"protocol {preset.name!r}"
    values = resolve_options(protocol_options(preset), variant.given, owner)
    changed = {name: value for name, value in values.items() if value != getattr(preset, name)}
    try:
        protocol = dataclasses.replace(preset, **values)  # type: ignore[arg-type]
    except ValueError as error:
        raise UsageError(f"{owner}: {error}.") from error
    return ResolvedProtocol(protocol, variant.given, variant_text(preset.name, changed))


def protocol_options(preset: Protocol) -> dict[str, Option]:
    """Return the fields of a protocol that users may change, with the preset's values as defaults."""
    return {
        name: dataclasses.replace(option, default=getattr(preset, name))
        for name, option in options_of(Protocol).items()
        if name not in ("name", "version")
    }


def check_buildable(model: Component, task: Component) -> None:
    """Build a model for a task once, so that options which do not go together are found before any training."""
    try:
        built = build_task(task)
    except ValueError as error:
        raise UsageError(f"task {task.text!r}: {error}.") from error
    try:
        with torch.random.fork_rng(devices=[]):
            build_model(model, built)
    except ValueError as error:
        raise UsageError(f"model {model.text!r}: {error}.") from error


def resolve_device(choice: str) -> Device:
    """Return the device that ``auto``, ``cpu`` or ``cuda`` stands for here; raises UsageError."""
    if choice not in get_args(DeviceChoice):
        raise UsageError(f"device {choice!r}: expected auto, cpu or cuda.")
    available = torch.cuda.is_available()
    if choice == "cuda" and not available:
        raise UsageError("device 'cuda': torch sees no GPU here. Use --device cpu, or mann-bench doctor.")
    return "cuda" if available and choice != "cpu" else "cpu"
