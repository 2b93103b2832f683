"""The optimiser and the learning rates that a protocol asks for, by torch's own classes."""

from collections.abc import Iterable

from torch import nn
from torch.optim import Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, SequentialLR

from mann_bench.core.protocol import Protocol


def protocol_optimizer(protocol: Protocol, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Return the protocol's optimiser over all parameters."""
    parameters, rate = list(parameters), protocol.learning_rate
    if protocol.optimizer == "rmsprop":
        return RMSprop(parameters, lr=rate, momentum=protocol.momentum, foreach=True)
    # The fused one refuses complex parameters, and steps through memory as if every tensor were contiguous.
    fused = all(parameter.is_contiguous() and not parameter.is_complex() for parameter in parameters)
    if protocol.weight_decay:
        return AdamW(parameters, lr=rate, weight_decay=protocol.weight_decay, fused=fused)
    return Adam(parameters, lr=rate, fused=fused)


def rate_schedule(protocol: Protocol, optimizer: Optimizer) -> LRScheduler | None:
    """Return what changes the optimiser's rate after each training step; None where the rate never changes.

    In warm-up, step i of w, counted from 1, has i / (w + 1) of the rate.
    """
    warmup = protocol.warmup_steps
    parts: list[LRScheduler] = []
    if warmup:
        parts.append(LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup))
    if protocol.schedule == "cosine":
        parts.append(CosineAnnealingLR(optimizer, T_max=protocol.max_steps - warmup))
    if len(parts) < 2:
        return parts[0] if parts else None
    return SequentialLR(optimizer, parts, milestones=[warmup])
