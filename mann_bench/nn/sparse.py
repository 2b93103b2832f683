"""Access of a memory of which a head visits a few slots a step, function by function.

Rae et al. 2016, "Scaling Memory-Augmented Neural Networks with Sparse Reads and Writes", section 3,
https://arxiv.org/abs/1610.09027. Gradients go through weights and through the rows that are visited; none goes through
the choice of slots. For backward, autograd keeps what belongs to the visited slots alone.

Axes: B batch, H heads, K slots that a head visits, N memory slots, W slot width.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mann_bench.nn.addressing import unit

ACCESS_THRESHOLD = 0.005
"""Weight above which a slot counts as accessed in a step: the paper's delta."""


class SparseWeighting(NamedTuple):
    """The weights of a few slots; all others have the weight zero. A slot listed twice has the sum of its weights."""

    slots: Int[Tensor, "B H K"]
    weights: Float[Tensor, "B H K"]

    def dense(self, memory_slots: int) -> Float[Tensor, "B H N"]:
        """Return the weights of all slots."""
        return dense(self, memory_slots)


def dense(weighting: SparseWeighting, memory_slots: int) -> Float[Tensor, "B H N"]:
    """Return the weights of all slots. Steps call this, and not the method, which Dynamo cannot trace under checks."""
    empty = weighting.weights.new_zeros(*weighting.weights.shape[:-1], memory_slots)
    return empty.scatter_add(-1, weighting.slots, weighting.weights)


def no_weighting(like: Tensor, batch_size: int, heads: int, count: int) -> SparseWeighting:
    """Return weights of zero, of the precision and on the device of `like`."""
    slots = torch.arange(count, device=like.device).repeat(batch_size, heads, 1)
    return SparseWeighting(slots, like.new_zeros(batch_size, heads, count))


def largest(values: Float[Tensor, "*any N"], count: int) -> Int[Tensor, "*any K"]:
    """Return the places of the `count` largest values; of equal values, those with the lowest places."""
    least = values.topk(count).values[..., -1:]
    # torch.topk takes any of equal values: a second one sees ranks that are all different.
    return _largest_whole((values > least).long() + (values >= least).long(), count)


def content_weighting(
    memory: Float[Tensor, "B N W"],
    keys: Float[Tensor, "B H W"],
    key_strength: Float[Tensor, "B H"],
    neighbours: int,
    among: Bool[Tensor, "B H N"] | None = None,
) -> SparseWeighting:
    """Weight the `neighbours` slots most like the key, of all or `among` some, by the softmax of strength * cosine."""
    likeness = unit(keys.detach()) @ unit(memory.detach()).mT
    slots = largest(likeness if among is None else likeness.masked_fill(~among, -torch.inf), neighbours)
    similarity = (unit(rows(memory, slots)) @ unit(keys).unsqueeze(-1)).squeeze(-1)  # [B, H, K]
    return SparseWeighting(slots, torch.softmax(key_strength.unsqueeze(-1) * similarity, dim=-1))


def rows(memory: Float[Tensor, "B N W"], slots: Int[Tensor, "B H K"]) -> Float[Tensor, "B H K W"]:
    """Return the rows of these slots."""
    flat = memory.flatten(0, 1).index_select(0, _flat(slots, memory.shape[1]))
    return flat.view(*slots.shape, -1)


def read(memory: Float[Tensor, "B N W"], weighting: SparseWeighting) -> Float[Tensor, "B H W"]:
    """Return the read vectors, equation 3."""
    return (weighting.weights.unsqueeze(-2) @ rows(memory, weighting.slots)).squeeze(-2)


def write(
    memory: Float[Tensor, "B N W"],
    erased: Int[Tensor, "B H"],
    weighting: SparseWeighting,
    words: Float[Tensor, "B H W"],
) -> Float[Tensor, "B N W"]:
    """Erase whole slots, then let every head add its word by its weighting; the order of the heads does not matter."""
    slots, added = weighting.slots, weighting.weights.unsqueeze(-1) * words.unsqueeze(-2)  # [B, H, K, W]
    flat = memory.flatten(0, 1).index_fill(0, _flat(erased, memory.shape[1]), 0.0)
    return flat.index_add(0, _flat(slots, memory.shape[1]), added.flatten(0, -2)).view_as(memory)


def write_weighting(
    previous: SparseWeighting,
    unused: Int[Tensor, "B H"],
    write_gate: Float[Tensor, "B H"],
    interpolation_gate: Float[Tensor, "B H"],
) -> SparseWeighting:
    """Share the write gate between what was read in the step before and the least recently used slot, equation 5."""
    write, reuse = write_gate.unsqueeze(-1), interpolation_gate.unsqueeze(-1)
    weights = torch.cat([write * reuse * previous.weights, write * (1 - reuse)], dim=-1)
    return SparseWeighting(torch.cat([previous.slots, unused.unsqueeze(-1)], dim=-1), weights)


def least_recently_used(age: Int[Tensor, "B N"], count: int) -> Int[Tensor, "B H"]:
    """Return the `count` slots that were not accessed for longest, the oldest first; of equals, the first slots."""
    return _largest_whole(age, count)


def aged(age: Int[Tensor, "B N"], *accesses: SparseWeighting) -> Int[Tensor, "B N"]:
    """Return the steps since each slot was accessed, that is by weights that sum to more than the threshold."""
    slots = torch.cat([access.slots.flatten(1) for access in accesses], dim=-1)
    weights = torch.cat([access.weights.detach().flatten(1) for access in accesses], dim=-1)
    weight = weights.new_zeros(age.shape).scatter_add(-1, slots, weights)
    return torch.where(weight > ACCESS_THRESHOLD, 0, age + 1)


def _largest_whole(values: Int[Tensor, "*any N"], count: int) -> Int[Tensor, "*any K"]:
    """Return the places of the `count` largest whole numbers; of equal ones, those with the lowest places."""
    size = values.shape[-1]
    return (values * size - torch.arange(size, device=values.device)).topk(count).indices


def _flat(slots: Int[Tensor, "B *any"], memory_slots: int) -> Int[Tensor, " M"]:
    """Return where slots of each sequence lie in the memories of all of them."""
    first = memory_slots * torch.arange(slots.shape[0], device=slots.device)
    return (slots.flatten(1) + first.unsqueeze(-1)).flatten()
