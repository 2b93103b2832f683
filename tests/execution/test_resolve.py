import hashlib
import json

import pytest
import torch

from mann_bench.core.errors import PluginUnavailableError, UsageError
from mann_bench.execution.resolve import resolve_component, resolve_device
from mann_bench.registry import Registry


@pytest.mark.parametrize(
    ("choice", "gpu", "device"), [("auto", False, "cpu"), ("auto", True, "cuda"), ("cpu", True, "cpu")]
)
def test_the_device_that_a_choice_stands_for(monkeypatch, choice, gpu, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert resolve_device(choice) == device


def test_asking_for_a_gpu_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="sees no GPU here"):
        resolve_device("cuda")


def test_an_unknown_device_is_an_error():
    with pytest.raises(UsageError, match="expected auto, cpu or cuda"):
        resolve_device("tpu")


def test_a_model_whose_requirement_is_missing_is_unavailable(registry_with):
    registry = registry_with("broken_models:Sound", requires=("json", "no_such_package"))
    with pytest.raises(
        PluginUnavailableError, match="'acme' of distribution 'acme-memory' needs no_such_package, which"
    ):
        resolve_component(registry, "model", "acme")


def test_a_task_whose_requirements_are_there_is_resolved(registry_with):
    registry = registry_with("broken_tasks:Sound", requires=("json",))
    assert resolve_component(registry, "task", "acme:max_length=3").options == {"min_length": 1, "max_length": 3}


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("sam", "39698b3343b67caea167b2c5aa5d48c1176f047bee75a471769a29650f584f0d"),
        ("sdnc:index=exact", "0cdd9b6ddc783f3be2649bed8526e50580d11874cabe541a46672b406e80bd77"),
    ],
)
def test_an_option_that_came_later_leaves_the_keys_of_runs_with_its_default_alone(text, identity):
    component = resolve_component(Registry.discover(third_party=False), "model", text)
    known = json.dumps(component.identity(), sort_keys=True)
    assert hashlib.sha256(known.encode()).hexdigest() == identity


def test_an_option_that_came_later_is_part_of_the_key_with_another_value():
    registry, text = Registry.discover(third_party=False), "sam:index=approximate,memory_init=random"
    component = resolve_component(registry, "model", text)
    assert component.identity()["options"]["index"] == "approximate"
    assert component.text == text
