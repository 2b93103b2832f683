"""What `forward`, `step` and `initial_state` have to return, said beside what they return."""

from typing import Any

import torch
from torch import Tensor

from mann_bench.models.base import RecurrentModel, SequenceModule
from mann_bench.testing.clause import require
from mann_bench.testing.tensors import bits


def check_forward(model: SequenceModule, steps: int, batch: int) -> None:
    """Check that `forward` returns logits [T, B, O] of float32, and nothing else."""
    with torch.no_grad():
        returned: Any = model(bits(steps, batch, model.input_size))
    wanted = [steps, batch, model.output_size]
    is_tensor = isinstance(returned, Tensor)
    require(
        is_tensor and list(returned.shape) == wanted and returned.dtype == torch.float32,
        f"inputs of {steps} steps, {batch} sequences give "
        + (f"logits {list(returned.shape)} of {returned.dtype}" if is_tensor else described(returned)),
        f"from forward a tensor [T, B, O], here {wanted} of torch.float32",
        "Time comes first, then the batch; depend on no fixed length, and return nothing beside the logits",
    )


def check_step(model: RecurrentModel, batch: int = 2) -> None:
    """Check that `step` returns logits [B, O] and a state that is built as `initial_state` builds it."""
    before: Any = model.initial_state(batch)
    require(
        _form(before) is not None,
        f"initial_state returns {described(before)}",
        "a tensor or nested tuples of tensors, with a row for each of the B sequences",
        "Put all that step carries on into a tuple",
    )
    with torch.no_grad():
        returned: Any = model.step(bits(1, batch, model.input_size)[0], before)
    pair = returned if isinstance(returned, tuple) and len(returned) == 2 else (None, None)
    logits = pair[0]
    require(
        isinstance(logits, Tensor)
        and list(logits.shape) == [batch, model.output_size]
        and _form(pair[1]) == _form(before),
        f"for {batch} sequences step returns {described(returned)}",
        f"a tuple of the logits [B, O] and the next state, here (tensor {[batch, model.output_size]}, "
        f"{described(before)})",
        "Return logits, state: the state in the form that initial_state gives it",
    )


def described(value: object) -> str:
    """Return what a value is, such as ``(tensor [4, 2], [tensor [4, 6], None])``."""
    if isinstance(value, Tensor):
        return f"tensor {list(value.shape)}"
    if isinstance(value, tuple | list):
        parts = ", ".join(map(described, value))
        name = type(value).__name__ if hasattr(value, "_fields") else ""
        return f"[{parts}]" if isinstance(value, list) else f"{name}({parts})"
    return "None" if value is None else type(value).__name__


def _form(state: object) -> str | None:
    """Return how tensors are nested in a state; None where it is something else than nested tuples of tensors."""
    if isinstance(state, Tensor):
        return "tensor"
    forms = [_form(part) for part in state] if isinstance(state, tuple) else [None]
    return None if None in forms else f"({', '.join(map(str, forms))})"
