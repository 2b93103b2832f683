import pytest
import torch

from mann_bench.core.errors import UsageError
from mann_bench.execution.resolve import resolve_device


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
