"""Build the trained model of a record again."""

import dataclasses
from pathlib import Path
from typing import Literal, NamedTuple

import safetensors
import safetensors.torch

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.core.runs import Component
from mann_bench.execution.resolve import checked_model, checked_task, resolve_component
from mann_bench.models.base import SequenceModule
from mann_bench.registry import Registry
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
    task = checked_task(_component(registry, "task", record.task))
    model = checked_model(_component(registry, "model", record.model), task)
    content = _weights(record, record_file.with_name(WEIGHTS_NAME))
    try:
        model.load_state_dict(safetensors.torch.load(content))
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise StoreError(f"the weights beside {record_file} do not fit {record.model.text!r}: {error}") from error
    return Restored(record, model, task)


def _component(registry: Registry, kind: Literal["model", "task"], ran: ComponentRecord) -> Component:
    component = resolve_component(registry, kind, ran.name)
    if component.version != ran.version:
        raise UsageError(
            f"the record needs version {ran.version} of {kind} {ran.name!r}, but version {component.version} is "
            f"installed. Install {ran.distribution} {ran.distribution_version}."
        )
    if gone := [name for name in ran.options if name not in component.options]:
        raise UsageError(f"{kind} {ran.name!r} as installed has no option {gone[0]!r}, which the record gives.")
    return dataclasses.replace(component, options={**component.options, **ran.options})


def _weights(record: Record, file: Path) -> bytes:
    if record.weights_sha256 is None:
        raise StoreError(f"{record.text} kept no weights: its outcome is {record.outcome}.")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise StoreError(f"{file}: the weights cannot be read: {error.strerror}.") from error
    if digest(content) != record.weights_sha256:
        raise StoreError(f"{file}: these are not the weights of the record beside it (SHA-256 differs).")
    return content
