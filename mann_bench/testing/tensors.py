"""Small helpers of the clauses: random bits, tensors that should agree, the tensors of a state."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.models.base import SequenceModule

RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""How far two ways to compute the same in float32 may differ, the latter as a share of the largest value."""


def bits(steps: int, batch: int, channels: int, seed: int = 0) -> Float[Tensor, "T B C"]:
    """Return fair random bits of a seed, as floats."""
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2, (steps, batch, channels), generator=rng).float()


def close(first: Tensor, second: Tensor) -> bool:
    """Tell whether two tensors agree up to the rounding of another order of operations."""
    if second.dtype == torch.bool:
        return torch.equal(first, second)
    largest = max(1.0, second.abs().max().item()) if second.numel() else 1.0
    return torch.allclose(first, second, rtol=RELATIVE, atol=ABSOLUTE * largest)


def distance(first: Tensor, second: Tensor) -> str:
    """Return the largest difference of two tensors, as text."""
    return f"{(first - second).abs().max().item():.3g}"


def tensors_of(state: Any, name: str = "state") -> dict[str, Tensor]:
    """Return the tensors of a state, nested tuples of tensors, by their place, such as ``state.memory``."""
    if isinstance(state, Tensor):
        return {name: state}
    return {
        place: tensor
        for part_name, part in _parts(state, name)
        for place, tensor in tensors_of(part, part_name).items()
    }


def replaced(state: Any, place: str, tensor: Tensor, name: str = "state") -> Any:
    """Return a state with another tensor at one place."""
    if isinstance(state, Tensor):
        return tensor if name == place else state
    parts = [replaced(part, place, tensor, part_name) for part_name, part in _parts(state, name)]
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


def state_bytes(state: Any) -> int:
    """Return the bytes of all tensors of a state."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors_of(state).values())


def without_finite_gradient(model: SequenceModule) -> list[str]:
    """Return the names of the parameters whose gradient holds a NaN or an infinity."""
    return [n for n, p in model.named_parameters() if p.grad is not None and not p.grad.isfinite().all()]


def _parts(state: Any, name: str) -> list[tuple[str, Any]]:
    names = [f".{field}" for field in state._fields] if hasattr(state, "_fields") else range(len(state))
    return [
        (f"{name}{part}" if isinstance(part, str) else f"{name}[{part}]", each)
        for part, each in zip(names, state, strict=True)
    ]
