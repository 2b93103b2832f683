"""Build the trained model of a record again."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import safetensors
import safetensors.torch
import torch

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.core.runs import Component
from mann_bench.execution.resolve import checked_model, checked_task, resolve_component
from mann_bench.models.base import SequenceModule
from mann_bench.registry import Registry
from mann_bench.results.reading import LARGEST_WEIGHTS, UnreadableFileError, read_plain
from mann_bench.results.schema import ComponentRecord, Record
from mann_bench.results.store import WEIGHTS_NAME, digest, load_record
from mann_bench.tasks.base import SequenceTask


class Restored(NamedTuple):
    """A run as it came out: its record, the model with the kept weights, the task."""

    record: Record
    model: SequenceModule
    task: SequenceTask


def restore(registry: Registry, record_file: Path) -> Restored:
    """Load a record and the weights beside it.

    Raises:
        StoreError: the record or its weights are missing, corrupt or do not belong together.
        UsageError: the model or task is installed in another version than the one that ran.
        PluginUnavailableError: the plugin that brought the model or the task cannot be used.
    """
    record = load_record(record_file)
    component = _component(registry, "model", record.model)
    task = checked_task(_component(registry, "task", record.task))
    content = _weights(record, record_file.with_name(WEIGHTS_NAME))
    try:
        weights = safetensors.torch.load(content)
        _refuse_other_shapes(component, task, weights)
        model = checked_model(component, task)
        model.load_state_dict(weights)
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise StoreError(f"the weights beside {record_file} do not fit {record.model.text!r}: {error}") from error
    return Restored(record, model, task)


def _refuse_other_shapes(component: Component, task: SequenceTask, weights: Mapping[str, torch.Tensor]) -> None:
    """Raise RuntimeError where a model has not the shapes of the weights, before it takes the memory that it asks for.

    On the device "meta" tensors have shapes and no memory. A model of a plugin that cannot be made there is made at
    once.
    """
    try:
        with torch.device("meta"):
            expected = checked_model(component, task).state_dict()
    except UsageError:
        return
    for name, tensor in expected.items():
        if name in weights and weights[name].shape != tensor.shape:
            raise RuntimeError(f"{name} has shape {[*weights[name].shape]}, not {[*tensor.shape]}")


def _component(registry: Registry, kind: Literal["model", "task"], ran: ComponentRecord) -> Component:
    component = resolve_component(registry, kind, ran.name)
    if component.version != ran.version:
        raise UsageError(
            f"the record needs version {ran.version} of {kind} {ran.name!r}, but version {component.version} is "
            f"installed. Install {ran.distribution} {ran.distribution_version}."
        )
    if gone := [name for name in ran.options if name not in component.defaults]:
        raise UsageError(f"{kind} {ran.name!r} as installed has no option {gone[0]!r}, which the record gives.")
    return dataclasses.replace(component, options={**component.options, **ran.options})


def _weights(record: Record, file: Path) -> bytes:
    if record.weights_sha256 is None:
        raise StoreError(f"{record.text} kept no weights: its outcome is {record.outcome}.")
    try:
        content = read_plain(file, LARGEST_WEIGHTS)
    except OSError as error:
        raise StoreError(f"{file}: the weights cannot be read: {error.strerror}.") from error
    except UnreadableFileError as error:
        raise StoreError(f"{file}: the weights are not read: {error}.") from error
    if digest(content) != record.weights_sha256:
        raise StoreError(f"{file}: these are not the weights of the record beside it (SHA-256 differs).")
    return content
