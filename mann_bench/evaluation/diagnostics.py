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


def diagnostics(model: SequenceModule, task: SequenceTask) -> dict[str, float]:
    """Return the means over steps, heads and a few validation sequences of the largest training size.

    - ``read_entropy``, ``write_entropy``: of each weighting's shares, in bits; 0 is one slot, log2 N all alike
    - ``slots_written``: 2 to the entropy of a sequence's mean write weighting, the slots in use
    - each gate by its name
    - ``gradient_norm``: of the last training step, before clipping
    - ``scheduled_rate``: the learning rate of the next training step, where the protocol changes it
    """
    with measuring(f"diagnostics on the {Stream.VALIDATION} stream"):
        batch = task.evaluation_batch(Stream.VALIDATION, task.training_sizes()[-1], _SEQUENCES)
    memory = dict(trace(model, batch.inputs.to(model.device), norms=False).memory)
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
    if model.gradient_norm is not None:
        found["gradient_norm"] = model.gradient_norm.item()
    if model.scheduled_rate is not None:
        found["scheduled_rate"] = model.scheduled_rate
    return found


def _entropy(weighting: Float[Tensor, "*any N"]) -> Float[Tensor, "*any"]:
    """Return the entropy in bits of the weighting as shares of its sum; 0 log 0 is 0."""
    share = weighting / weighting.sum(-1, keepdim=True).clamp_min(torch.finfo(weighting.dtype).tiny)
    return -torch.xlogy(share, share).sum(-1) / math.log(2.0)
