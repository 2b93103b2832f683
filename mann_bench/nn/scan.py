"""Run a step function over time."""

import math
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

State = TypeVar("State")
Step = Callable[[Tensor, State], tuple[Tensor, State]]
"""Takes and returns what is of one time step: inputs [B, I], outputs [B, O]."""

Run = Callable[[Tensor, State], tuple[Tensor, State]]
"""Takes and returns what is of a sequence: inputs [T, B, I], outputs [T, B, O]."""


def scan(step: Step[State], inputs: Float[Tensor, "T B I"], state: State) -> tuple[Float[Tensor, "T B O"], State]:
    """Feed `inputs` to `step` one time step after the other; return all outputs and the last state."""
    outputs = []
    for at_time in inputs:
        output, state = step(at_time, state)
        outputs.append(output)
    return torch.stack(outputs), state


def recomputing_scan(
    step: Step[State], inputs: Float[Tensor, "T B I"], state: State
) -> tuple[Float[Tensor, "T B O"], State]:
    """Return what `scan` returns, keeping the state every sqrt(T) steps alone.

    Backward recomputes the steps between. For a third more time, memory grows with the square root of T.
    """
    return recompute(partial(scan, step), inputs, state)


def recompute(run: Run[State], inputs: Float[Tensor, "T B I"], state: State) -> tuple[Float[Tensor, "T B O"], State]:
    """Return what `run` returns, called for sqrt(T) parts of the sequence; backward calls it again for each."""
    outputs = []
    for part in torch.split(inputs, math.ceil(math.sqrt(len(inputs)))):
        output, state = checkpoint(run, part, state, use_reentrant=False)
        outputs.append(output)
    return torch.cat(outputs), state
