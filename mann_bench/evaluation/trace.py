"""What a model does step by step, and what its memory does on the way."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mann_bench.evaluation.visited import SparseStep, over_visited, slots_visited, visited_slots
from mann_bench.models.base import RecurrentModel, SequenceModule
from mann_bench.nn.sparse import SparseWeighting


class Trace(NamedTuple):
    """A forward pass step by step. The memory's part is empty for a model that has nothing to tell.

    Attributes:
        logits: [T, B, O].
        memory: by name: ``read_weightings`` [T, B, R, N], ``write_weightings`` [T, B, K, N], ``memory_norm``
            [T, B, N] (Euclidean norm of each slot), and each gate [T, B, heads].
        slots: of a memory with sparse weightings, the numbers of the N slots that were visited, in rising order: of
            the others nothing is told. None where all slots are told of.
        slots_visited: how many slots a step visits in the mean, by any head; None where weightings are dense.
    """

    logits: Float[Tensor, "T B O"]
    memory: Mapping[str, Tensor]
    slots: Int[Tensor, " N"] | None = None
    slots_visited: float | None = None


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
    logits: list[Tensor] = []
    steps: list[SparseStep] = []
    seen: list[Mapping[str, Tensor]] = []
    for at_time in inputs:
        output, state, observation = model.observe(at_time, state)
        logits.append(output)
        if observation is None:
            continue
        match observation.read_weightings, observation.write_weightings:
            case SparseWeighting() as read, SparseWeighting() as written:
                steps.append(SparseStep.of(read, written, observation.memory, norms, first=not steps))
                seen.append(observation.gates)
            case Tensor() as read, Tensor() as written:
                norm = {"memory_norm": observation.memory.norm(dim=-1)} if norms else {}
                seen.append({"read_weightings": read, "write_weightings": written, **norm, **observation.gates})
            case _:
                raise TypeError("read and write weightings must be of one kind: both sparse, or both dense")
    over_time = {name: torch.stack([step[name] for step in seen]) for name in (seen[0] if seen else ())}
    if not steps:
        return Trace(torch.stack(logits), over_time)
    slots = visited_slots(steps)
    return Trace(torch.stack(logits), over_visited(steps, slots) | over_time, slots, slots_visited(steps))
