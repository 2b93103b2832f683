"""What a DNC does with its memory besides content addressing: allocation and temporal links.

Graves et al. 2016, "Hybrid computing using a neural network with dynamic external memory", Methods,
https://doi.org/10.1038/nature20101

Axes: B batch, R read heads, N memory slots.
"""

import functools

import torch
from jaxtyping import Float
from torch import Tensor

USAGE_FLOOR = 1e-6
"""Usage is lifted to at least this for the allocation, so that its running product has a finite gradient."""


def retention(free_gates: Float[Tensor, "B R"], read_weightings: Float[Tensor, "B R N"]) -> Float[Tensor, "B N"]:
    """How much of each slot is not freed: the product over read heads of 1 - free gate * weighting."""
    kept = (1 - free_gates.unsqueeze(-1) * read_weightings).unbind(1)
    return functools.reduce(torch.mul, kept)


def usage(
    previous: Float[Tensor, "B N"], write_weighting: Float[Tensor, "B N"], retention: Float[Tensor, "B N"]
) -> Float[Tensor, "B N"]:
    """How much each slot is in use: what was in use or just written, and is not freed."""
    return (previous + write_weighting - previous * write_weighting) * retention


def allocation(usage: Float[Tensor, "B N"]) -> Float[Tensor, "B N"]:
    """Weight the slots for a write to a free place: the least used first, ties by slot index.

    In the order of rising usage, slot j gets 1 - usage[j] times the product of the usages before it.
    """
    rising, free_list = torch.sort(USAGE_FLOOR + (1 - USAGE_FLOOR) * usage, dim=-1, stable=True)
    before = torch.cat([torch.ones_like(rising[:, :1]), rising[:, :-1]], dim=-1).cumprod(-1)
    return torch.zeros_like(usage).scatter(-1, free_list, (1 - rising) * before)


def temporal_link(
    previous: Float[Tensor, "B N N"],
    write_weighting: Float[Tensor, "B N"],
    precedence: Float[Tensor, "B N"],
    off_diagonal: Float[Tensor, "N N"],
) -> Float[Tensor, "B N N"]:
    """Entry [i, j]: to what degree slot i was the one written after slot j.

    link[i, j] = (1 - w[i] - w[j]) * previous[i, j] + w[i] * precedence[j], zero where i = j.
    """
    after, before = write_weighting.unsqueeze(2), write_weighting.unsqueeze(1)
    # (1 - w[i]) previous + w[i] precedence[j] - w[j] previous, in two passes over the matrix and one for the mask.
    link = torch.lerp(previous, precedence.unsqueeze(1), after)
    return torch.addcmul(link, previous, before, value=-1.0) * off_diagonal


def precedence(previous: Float[Tensor, "B N"], write_weighting: Float[Tensor, "B N"]) -> Float[Tensor, "B N"]:
    """To what degree each slot was the one last written."""
    return (1 - write_weighting.sum(-1, keepdim=True)) * previous + write_weighting
