"""Addresses of many slots from few keys: the key of a slot is one of a first and one of a second set of half keys."""

import torch
from jaxtyping import Float
from torch import Tensor

_NEAREST = 1e-3
"""Added to squared distances, so that a query that meets a key has a finite score."""


def address(
    queries: Float[Tensor, "B H T D"], half_keys: Float[Tensor, "2 H N E"], active: int
) -> Float[Tensor, "B H T M"]:
    """Return how much of each of M = N^2 slots a query is about: above zero for the `active` best slots, 1 in all.

    The first half of a query is compared with the N keys of the first set, its second half with those of the second. As
    Zhao & Jones 2026, https://arxiv.org/abs/2601.00671, have it, a score is -log(distance^2 + 0.001). That of slot
    (i, j), which is slot i N + j, is the sum of two (Lample et al. 2019, https://arxiv.org/abs/1907.05242); the weights
    are a softmax over the best.

    Args:
        queries: D = 2 E channels.
        half_keys: both sets.
        active: slots whose weight is above zero, 1 to M.
    """
    first, second = (
        -((half.unsqueeze(-2) - keys.unsqueeze(1)).square().sum(-1) + _NEAREST).log()
        for half, keys in zip(queries.chunk(2, dim=-1), half_keys, strict=True)
    )
    scores = (first.unsqueeze(-1) + second.unsqueeze(-2)).flatten(-2)
    best, slots = scores.topk(active, dim=-1)
    return torch.zeros_like(scores).scatter(-1, slots, best.softmax(-1))
