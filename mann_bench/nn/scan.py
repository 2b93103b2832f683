"""Run a step function over time."""

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

State = TypeVar("State")
"""Nested tuples of tensors."""

Step = Callable[[Tensor, State], tuple[Tensor, State]]
"""Takes and returns what is of one time step: inputs [B, I], outputs [B, O]."""

Run = Callable[[Tensor, State], tuple[Tensor, State]]
"""Takes and returns what is of a sequence: inputs [T, B, I], outputs [T, B, O]."""


def state_tensors(state: Any) -> Iterator[Tensor]:
    """Yield the tensors of a state, in their order."""
    if isinstance(state, Tensor):
        yield state
    else:
        for part in state:
            yield from state_tensors(part)


def scan(step: Step[State], inputs: Float[Tensor, "T B I"], state: State) -> tuple[Float[Tensor, "T B O"], State]:
    """Feed `inputs` to `step` one time step after the other; return all outputs and the last state."""
    if len(inputs) > 1 and not torch.is_grad_enabled():
        return _scan_in_place(step, inputs, state)
    outputs = []
    for at_time in inputs:
        output, state = step(at_time, state)
        outputs.append(output)
    return torch.stack(outputs), state


def _scan_in_place(
    step: Step[State], inputs: Float[Tensor, "T B I"], state: State
) -> tuple[Float[Tensor, "T B O"], State]:
    """Return what `scan` returns, each output written to its place.

    Small outputs that are kept one by one lie among the large states that are not, and so keep the heap from using
    the room of those again: memory would grow with T by the size of a state.
    """
    first, state = step(inputs[0], state)
    outputs = first.new_empty(len(inputs), *first.shape)
    outputs[0] = first
    for t in range(1, len(inputs)):
        outputs[t], state = step(inputs[t], state)
    return outputs, state


def recompute(run: Run[State], inputs: Float[Tensor, "T B I"], state: State) -> tuple[Float[Tensor, "T B O"], State]:
    """Return what `run` returns, called for sqrt(T) parts of the sequence; backward calls it again for each.

    The state is kept every sqrt(T) steps alone. For a third more time, memory grows with the square root of T.
    """
    outputs = []
    for part in torch.split(inputs, math.ceil(math.sqrt(len(inputs)))):
        output, state = checkpoint(run, part, state, use_reentrant=False)
        outputs.append(output)
    return torch.cat(outputs), state
