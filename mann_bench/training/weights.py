"""A model's weights as they are kept: dense, contiguous tensors, each with memory of its own, in safetensors."""

import hashlib
import sys
from collections.abc import Mapping
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from mann_bench.results.reading import LARGEST_WEIGHTS


class UnsavableWeightsError(ValueError):
    """What a model has for weights cannot be kept in safetensors; the message names the tensor and the remedy."""


def weights_of(model: torch.nn.Module) -> dict[str, Tensor]:
    """Return a copy of a model's state dict as it is kept, whatever strides its tensors have.

    Raises:
        UnsavableWeightsError: an entry is no dense tensor.
    """
    return {name: _kept(name, value) for name, value in model.state_dict().items()}


def weights_bytes(weights: Mapping[str, Tensor]) -> bytes:
    """Return the content of a file of weights.

    Raises:
        UnsavableWeightsError: safetensors has no such number type, or they are more than can be read again.
    """
    if (size := sum(tensor.nbytes for tensor in weights.values())) > LARGEST_WEIGHTS:
        raise UnsavableWeightsError(f"the weights take {size:,} bytes, and at most {LARGEST_WEIGHTS:,} are read again")
    try:
        return safetensors.torch.save(dict(weights))
    except Exception as error:
        types = sorted({str(tensor.dtype) for tensor in weights.values()})
        raise UnsavableWeightsError(f"the weights, of {', '.join(types)}, cannot be saved: {error}") from error


def weights_digest(weights: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of weights, in the order of their names: name, type, shape, and the numbers, little-endian."""
    found = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name]
        found.update(f"{name} {str(tensor.dtype).removeprefix('torch.')} {[*tensor.shape]}\n".encode())
        found.update(_little_endian(tensor))
    return found.hexdigest()


def _little_endian(tensor: Tensor) -> bytes:
    numbers = torch.view_as_real(tensor) if tensor.is_complex() else tensor
    content = numbers.contiguous().reshape(-1, 1).view(torch.uint8)
    return (content if sys.byteorder == "little" else content.flip(1)).numpy().tobytes()


def _kept(name: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor) or value.layout is not torch.strided or value.is_quantized:
        found = value.layout if isinstance(value, Tensor) else type(value).__name__
        raise UnsavableWeightsError(
            f"{name!r} of the state dict is {found}, and only dense tensors can be saved. "
            "Register it with persistent=False, or keep a dense tensor."
        )
    plain = value.detach().resolve_conj().resolve_neg()
    return plain.cpu().clone(memory_format=torch.contiguous_format)
