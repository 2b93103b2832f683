"""A few numbers that tell what a memory does, cheap enough for every evaluation."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.core.closed_streams import measuring
from mann_bench.core.streams import Stream
from mann_bench.evaluation.trace import trace
from mann_bench.models.base import SequenceModule
from mann_bench.tasks.base import SequenceTask

_SEQUENCES = 8

_MOST_STATE = 2**29
"""Bytes of state, over all steps and sequences, up to which the largest size is watched, and so many sequences."""


def diagnostics(model: SequenceModule, task: SequenceTask) -> dict[str, float]:
    """Return the means over steps, heads and a few validation sequences of the largest training size.

    Every step touches all of the memory: where that is large, fewer sequences are watched, then shorter ones.

    - ``read_entropy``, ``write_entropy``: of each weighting's shares, in bits; 0 is one slot, log2 N all alike
    - ``slots_written``: 2 to the entropy of a sequence's mean write weighting, the slots in use
    - ``slots_visited``: slots that a step reads or writes, of sparse weightings; ``read_age`` is a gate of these
    - each gate by its name
    - ``gradient_norm``: of the last training step, before clipping
    - ``scheduled_rate``: the learning rate of the next training step, where the protocol changes it
    """
    traced = trace(model, _watched(task, model.state_bytes()).to(model.device), norms=False)
    memory = dict(traced.memory)
    found = {}
    if memory:
        read, written = memory.pop("read_weightings"), memory.pop("write_weightings")
        share = written.mean((0, 2))  # [B, N]
        found = {
            "read_entropy": _entropy(read).mean().item(),
            "write_entropy": _entropy(written).mean().item(),
            "slots_written": (_entropy(share).exp2() * share.any(-1)).mean().item(),
            **{name: gate.mean().item() for name, gate in memory.items()},
        }
    if traced.slots_visited is not None:
        found["slots_visited"] = traced.slots_visited
    if model.gradient_norm is not None:
        found["gradient_norm"] = model.gradient_norm.item()
    if model.scheduled_rate is not None:
        found["scheduled_rate"] = model.scheduled_rate
    return found


def _watched(task: SequenceTask, state_bytes: int) -> Float[Tensor, "T B I"]:
    """Return the inputs to watch, at least one sequence of the first training size."""
    sizes = task.training_sizes()
    at = len(sizes) - 1
    while True:
        with measuring(f"diagnostics on the {Stream.VALIDATION} stream"):
            inputs = task.evaluation_batch(Stream.VALIDATION, sizes[at], _SEQUENCES).inputs
        fit = _MOST_STATE // max(1, len(inputs) * state_bytes)
        if fit or not at:
            return inputs[:, : max(1, fit)]
        at //= 2


def _entropy(weighting: Float[Tensor, "*any N"]) -> Float[Tensor, "*any"]:
    """Return the entropy in bits of the weighting as shares of its sum; 0 log 0 is 0."""
    share = weighting / weighting.sum(-1, keepdim=True).clamp_min(torch.finfo(weighting.dtype).tiny)
    return -torch.xlogy(share, share).sum(-1) / math.log(2.0)
