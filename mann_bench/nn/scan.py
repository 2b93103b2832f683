"""Run a step function over time."""

from collections.abc import Callable
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

State = TypeVar("State")


def scan(
    step: Callable[[Tensor, State], tuple[Tensor, State]], inputs: Float[Tensor, "T B I"], state: State
) -> tuple[Float[Tensor, "T B O"], State]:
    """Feed `inputs` to `step` one time step after the other; return all outputs and the last state."""
    outputs = []
    for at_time in inputs:
        output, state = step(at_time, state)
        outputs.append(output)
    return torch.stack(outputs), state
