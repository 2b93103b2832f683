import pytest
import torch

from mann_bench.core.errors import PluginUnavailableError, UsageError
from mann_bench.execution.resolve import resolve_component, resolve_device


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
