"""``mann-bench show``: one model, task, protocol, syllabus or executor and its options."""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import click

from mann_bench.cli.columns import aligned_rows, prose, terminal_width
from mann_bench.cli.parameters import VariantType, examples, registry_of
from mann_bench.cli.problems import say
from mann_bench.core.docstrings import Doc
from mann_bench.core.foreign_code import stdout_apart
from mann_bench.core.options import Option, OptionValue, option_text
from mann_bench.core.variants import Variant

if TYPE_CHECKING:
    from mann_bench.plugins import Plugin
    from mann_bench.registry import Registry

_WIDTH = 100


@dataclasses.dataclass(frozen=True)
class _Shown:
    """What is shown: fields for ``--json``, and what people read around the table of options."""

    head: str
    options: list[dict[str, Any]]
    fields: dict[str, Any]
    tail: list[str] = dataclasses.field(default_factory=list)


@click.command(
    epilog=examples(
        "mann-bench show model ntm",
        "mann-bench show model ntm:memory_slots=64 --task repeat_copy",
        "mann-bench show protocol collier2018",
    )
)
@click.argument("kind", type=click.Choice(["model", "task", "protocol", "syllabus", "executor"]))
@click.argument("name", type=VariantType("models", "tasks", "protocols", "syllabuses", "executors"))
@click.option(
    "--task", default="copy", show_default=True, type=VariantType("tasks"),
    help="Task for which the size of a model is computed.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print it as a line of JSON.")
@click.pass_context
def command(context: click.Context, kind: str, name: str, task: str, as_json: bool) -> None:
    """Explain a model, task, protocol, syllabus or executor: its reference, its size, what every option means."""
    registry = registry_of(context)
    with stdout_apart():
        shown = _shown(registry, kind, name, task)
    if as_json:
        say(json.dumps({"kind": kind} | shown.fields | {"options": shown.options}))
        return
    say(f"{prose(shown.head)}\n")
    _print_options(shown.options)
    if shown.tail:
        say("\n" + prose("\n".join(shown.tail)))


def _shown(registry: "Registry", kind: str, name: str, task: str) -> _Shown:
    if kind == "protocol":
        return _protocol(registry, name)
    if kind == "executor":
        return _executor(registry, name)
    if kind == "syllabus":
        return _component(registry, "syllabus", name)
    return _task(registry, name) if kind == "task" else _model(registry, name, task)


def _protocol(registry: "Registry", text: str) -> _Shown:
    from mann_bench.execution.resolve import protocol_options, resolve_protocol

    protocol = resolve_protocol(registry, text).protocol
    options = protocol_options(registry.protocol(protocol.name).spec)
    fields = {"name": protocol.name, "version": protocol.version}
    return _Shown(f"{protocol.name}, version {protocol.version}", _rows(options, dataclasses.asdict(protocol)), fields)


def _executor(registry: "Registry", text: str) -> _Shown:
    from mann_bench.execution.resolve import resolve_executor_options

    registered, resolved = registry.executor(Variant.parse(text).name), resolve_executor_options(registry, text)
    spec = registered.spec
    usage = Doc.of(resolved.target.__doc__).text
    head = "\n".join([f"{spec.name}: {spec.summary}", _origin(registered.plugin), "", usage])
    fields = {"name": spec.name, "summary": spec.summary} | _brought(registered.plugin)
    return _Shown(head, _rows(resolved.options, resolved.values), fields)


def _task(registry: "Registry", text: str) -> _Shown:
    from mann_bench.core.sizes import size_text
    from mann_bench.execution.resolve import checked_task, resolve_component

    shown = _component(registry, "task", text)
    component = resolve_component(registry, "task", text)
    built = checked_task(component)
    rule = registry.task(component.name).spec.convergence
    trained, tested = built.training_sizes(), built.test_sizes()
    names, ends = " x ".join(trained[0]), dict.fromkeys(map(size_text, (trained[0], trained[-1])))
    tail = [
        f"inputs, outputs   {built.input_size}, {built.output_size} channels a step",
        f"trained on        {names}: {' to '.join(ends)}",
        f"tested on         {names}: {', '.join(map(size_text, tested))}",
        f"converged         mean {rule.metric} below {rule.below:g}",
    ]
    sizes = {"input_size": built.input_size, "output_size": built.output_size}
    fields = sizes | {"training_sizes": trained, "test_sizes": tested, "convergence": dataclasses.asdict(rule)}
    return dataclasses.replace(shown, fields=shown.fields | fields, tail=tail)


def _model(registry: "Registry", text: str, task: str) -> _Shown:
    from mann_bench.execution.ram import RamNeed
    from mann_bench.execution.resolve import checked_model, checked_task, resolve_component
    from mann_bench.models.base import own_training
    from mann_bench.models.hooks import own_hooks

    shown = _component(registry, "model", text)
    component, on = resolve_component(registry, "model", text), resolve_component(registry, "task", task)
    built = checked_model(component, checked_task(on))
    every = sum(p.numel() for p in built.parameters())
    trained = sum(p.numel() for p in built.parameters() if p.requires_grad)
    counted = f"{trained:,}{'' if trained == every else f' trained of {every:,}'} parameters"
    details, own, hooks = built.details(), own_training(built), own_hooks(built)
    tail = [
        f"size on {on.text}: {counted}, {built.state_bytes():,} bytes of state",
        f"training on it: {RamNeed.of(component, on, built.protocol.batch_size)}",
    ]
    if own:
        tail.append(f"trained by its own {', '.join(own)}, not as the protocol says")
    if hooks:
        tail.append(f"hooks of Lightning that it has of its own: {', '.join(hooks)}")
    tail += [f"{detail}: {option_text(value)}" for detail, value in details.items()]
    fields = {"task": on.text, "parameters": trained, "all_parameters": every, "state_bytes": built.state_bytes()}
    fields |= {"own_training": own, "own_hooks": hooks, "details": details}
    return dataclasses.replace(shown, fields=shown.fields | fields, tail=tail)


def _component(registry: "Registry", kind: Literal["model", "task", "syllabus"], text: str) -> _Shown:
    from mann_bench.core.options import options_of
    from mann_bench.execution.resolve import resolve_component
    from mann_bench.models.building import load_class

    component = resolve_component(registry, kind, text)
    registered = getattr(registry, kind)(component.name)
    spec, target = registered.spec, load_class(component)
    lines = [f"{spec.name}, version {spec.version}: {spec.summary}", _origin(registered.plugin), spec.reference, ""]
    fields = {"name": spec.name, "version": spec.version, "summary": spec.summary, "reference": spec.reference}
    return _Shown(
        "\n".join([*lines, Doc.of(target.__doc__).text]),
        _rows(options_of(target), {**component.defaults, **component.options}),
        fields | _brought(registered.plugin),
    )


def _origin(plugin: "Plugin") -> str:
    return f"from {plugin.distribution} {plugin.version}"


def _brought(plugin: "Plugin") -> dict[str, str]:
    return {"distribution": plugin.distribution, "distribution_version": plugin.version}


def _rows(options: Mapping[str, Option], values: Mapping[str, OptionValue]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "type": option.type_text,
            "value": values[name],
            "default": option.default,
            "words": option.words,
        }
        for name, option in options.items()
    ]


def _print_options(options: list[dict[str, Any]]) -> None:
    """Print a line an option, with its words below it."""
    rows = [("option", "type", "value", "default")]
    rows += [(row["name"], row["type"], option_text(row["value"]), option_text(row["default"])) for row in options]
    heading, *made = aligned_rows(rows, headed=True)
    width = min(_WIDTH, terminal_width() or _WIDTH)
    for line in heading:
        say(line)
    for lines, row in zip(made, options, strict=True):
        say("\n".join(lines))
        if row["words"]:
            say(click.wrap_text(row["words"], width, initial_indent="    ", subsequent_indent="    "))
