"""What a model does step by step, and what its memory does on the way."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.models.base import RecurrentModel, SequenceModule


class Trace(NamedTuple):
    """A forward pass step by step. The memory's part is empty for a model that has nothing to tell.

    Attributes:
        logits: [T, B, O].
        memory: by name: ``read_weightings`` [T, B, R, N], ``write_weightings`` [T, B, K, N], ``memory_norm``
            [T, B, N] (Euclidean norm of each slot), and each gate [T, B, heads].
    """

    logits: Float[Tensor, "T B O"]
    memory: Mapping[str, Tensor]


def trace(model: SequenceModule, inputs: Float[Tensor, "T B I"], norms: bool = True) -> Trace:
    """Run `inputs` through a model and watch its memory; `norms` are those of its slots, a tenth of the time."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            return _recurrent(model, inputs, norms) if isinstance(model, RecurrentModel) else Trace(model(inputs), {})
    finally:
        model.train(was_training)


def _recurrent(model: RecurrentModel, inputs: Float[Tensor, "T B I"], norms: bool) -> Trace:
    state = model.initial_state(inputs.shape[1])
    logits, seen = [], []
    for at_time in inputs:
        output, state, observation = model.observe(at_time, state)
        logits.append(output)
        if observation is not None:
            seen.append(
                {
                    "read_weightings": observation.read_weightings,
                    "write_weightings": observation.write_weightings,
                    **({"memory_norm": observation.memory.norm(dim=-1)} if norms else {}),
                    **observation.gates,
                }
            )
    names = seen[0] if seen else ()
    return Trace(torch.stack(logits), {name: torch.stack([step[name] for step in seen]) for name in names})
