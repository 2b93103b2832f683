"""Cutting sequences into chunks whose steps are computed at once, and how much of the past is left in them."""

import math
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional


def cut(rows: Float[Tensor, "B H T D"], chunk_size: int) -> Float[Tensor, "B H N C D"]:
    """Cut into as few chunks of one length as can be; what is missing in the last one is filled up with zeros.

    Args:
        rows: one vector a step.
        chunk_size: the most steps of a chunk.
    """
    steps = rows.shape[2]
    chunks = math.ceil(steps / chunk_size)
    size = math.ceil(steps / chunks)
    padded = functional.pad(rows, (0, 0, 0, chunks * size - steps))
    return padded.reshape(*rows.shape[:2], chunks, size, rows.shape[3])


def decays_between(log_decays: Float[Tensor, "*chunks C"]) -> Float[Tensor, "*chunks C C"]:
    """Return in row t and column i what is left after step t of something written at step i; zero where i > t.

    Args:
        log_decays: the natural logarithm of what each step leaves of the past, 0 or less.
    """
    total = log_decays.cumsum(-1)
    between = total.unsqueeze(-1) - total.unsqueeze(-2)
    later = torch.ones(between.shape[-2:], dtype=torch.bool, device=between.device).triu(1)
    return between.masked_fill_(later, -math.inf).exp_()


def scan_chunks(
    kept: Float[Tensor, "B H N K K"], added: Float[Tensor, "B H N K V"], memory: Float[Tensor, "B H K V"]
) -> tuple[Float[Tensor, "B H N K V"], Float[Tensor, "B H K V"]]:
    """Return the memory before each chunk, and after the last: each chunk leaves `kept @ memory + added`."""
    before = [memory.flatten(0, 1)]
    for keep, add in zip(kept.flatten(0, 1).unbind(1), added.flatten(0, 1).unbind(1), strict=True):
        before.append(torch.baddbmm(add, keep, before[-1]))
    *memories, last = (each.reshape_as(memory) for each in before)
    return torch.stack(memories, dim=2), last


def inverse_unit_lower(below: Float[Tensor, "*chunks C C"]) -> Float[Tensor, "*chunks C C"]:
    """Return the inverse of a lower triangular matrix with ones on its diagonal.

    Pairs of neighbouring blocks are put together, from blocks of one row to all rows. For matrices so small this
    takes half the time of `torch.linalg.solve_triangular`, and is as exact.

    Args:
        below: what is below the diagonal. The diagonal and what is above it are not read.
    """
    inverse: Tensor = _InverseUnitLower.apply(below)  # type: ignore[no-untyped-call]
    return inverse


class _InverseUnitLower(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, below: Tensor) -> Tensor:
        rows, size = torch.arange(below.shape[-1], device=below.device), 2
        inverse = torch.eye(len(rows), dtype=below.dtype, device=below.device) - below * _pairs(rows)
        while size < len(rows):
            inverse = inverse - inverse @ (below * _pairs(rows // size)) @ inverse
            size *= 2
        ctx.save_for_backward(inverse)
        return inverse

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (inverse,) = ctx.saved_tensors
        changed: Tensor = inverse.mT @ gradient @ inverse.mT
        return -changed.tril(-1)


def _pairs(blocks: Int[Tensor, " C"]) -> Bool[Tensor, "C C"]:
    """Return where the row lies in the second block of a pair and the column in the first."""
    return (blocks.unsqueeze(1) == blocks + 1) & (blocks % 2 == 0)
