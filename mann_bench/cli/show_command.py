"""``mann-bench show``: one model, task or protocol and its options."""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import click

from mann_bench.cli.columns import aligned
from mann_bench.cli.parameters import VariantType, registry_of
from mann_bench.core.options import Option, OptionValue, option_text

if TYPE_CHECKING:
    from mann_bench.core.runs import Component
    from mann_bench.registry import Registry


@click.command()
@click.argument("kind", type=click.Choice(["model", "task", "protocol"]))
@click.argument("name", type=VariantType("models", "tasks", "protocols"))
@click.option(
    "--task", default="copy", show_default=True, type=VariantType("tasks"),
    help="Task for which a model's size is counted.",
)  # fmt: skip
@click.pass_context
def command(context: click.Context, kind: str, name: str, task: str) -> None:
    """Show the options, types, defaults, reference and size of a variant, such as: show model ntm."""
    registry = registry_of(context)
    if kind == "protocol":
        _show_protocol(registry, name)
    elif kind == "task":
        _show_task(registry, name)
    else:
        _show_model(registry, name, task)


def _show_protocol(registry: "Registry", text: str) -> None:
    import dataclasses

    from mann_bench.execution.resolve import protocol_options, resolve_protocol

    protocol = resolve_protocol(registry, text).protocol
    click.echo(f"{protocol.name}, version {protocol.version}\n")
    preset = registry.protocol(protocol.name).spec
    _show_options(protocol_options(preset), dataclasses.asdict(protocol))


def _show_task(registry: "Registry", text: str) -> None:
    from mann_bench.core.sizes import size_text
    from mann_bench.execution.resolve import checked_task

    component = _show_component(registry, "task", text)
    built = checked_task(component)
    rule = registry.task(component.name).spec.convergence
    sizes = built.training_sizes()
    click.echo(f"\ninputs, outputs   {built.input_size}, {built.output_size} channels a step")
    names, ends = " x ".join(sizes[0]), dict.fromkeys(map(size_text, (sizes[0], sizes[-1])))
    click.echo(f"trained on        {names}: {' to '.join(ends)}")
    click.echo(f"tested on         {names}: {', '.join(map(size_text, built.test_sizes()))}")
    click.echo(f"converged         mean {rule.metric} below {rule.below:g}")


def _show_model(registry: "Registry", text: str, task: str) -> None:
    from mann_bench.execution.memory import MemoryNeed
    from mann_bench.execution.resolve import checked_model, checked_task, resolve_component
    from mann_bench.models.base import own_training

    component = _show_component(registry, "model", text)
    task_component = resolve_component(registry, "task", task)
    built = checked_model(component, checked_task(task_component))
    every = sum(p.numel() for p in built.parameters())
    trained = sum(p.numel() for p in built.parameters() if p.requires_grad)
    counted = f"{trained:,}{'' if trained == every else f' trained of {every:,}'} parameters"
    memory = MemoryNeed.of(component, task_component, built.protocol.batch_size)
    click.echo(f"\nsize on {task_component.text}: {counted}, {built.state_bytes():,} bytes of state")
    click.echo(f"training on it: {memory}")
    if own := own_training(built):
        click.echo(f"trained by its own {', '.join(own)}, not as the protocol says")
    for detail, value in built.details().items():
        click.echo(f"{detail}: {option_text(value)}")


def _show_component(registry: "Registry", kind: Literal["model", "task"], text: str) -> "Component":
    from mann_bench.core.options import options_of
    from mann_bench.execution.resolve import resolve_component
    from mann_bench.training.trainer import load_class

    component = resolve_component(registry, kind, text)
    spec = registry.model(component.name).spec if kind == "model" else registry.task(component.name).spec
    click.echo(f"{spec.name}, version {spec.version}: {spec.summary}")
    click.echo(f"from {component.distribution} {component.distribution_version}")
    click.echo(f"{spec.reference}\n\n{inspect.getdoc(load_class(component)) or ''}\n")
    _show_options(options_of(load_class(component)), component.options)
    return component


def _show_options(options: Mapping[str, Option], values: Mapping[str, OptionValue]) -> None:
    rows = [("option", "type", "value", "default")]
    for name, option in options.items():
        rows.append((name, option.type_text, option_text(values[name]), option_text(option.default)))
    for line in aligned(rows):
        click.echo(line)
