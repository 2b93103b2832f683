"""The order in which slots were written, with a few links a slot: what the DNC keeps in a matrix of all pairs.

Rae et al. 2016, supplementary D, https://arxiv.org/abs/1610.09027. No gradient goes through links and precedence.

Axes: B batch, R heads, K slots that a head read, L links a slot, N memory slots, V slots of a write.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mann_bench.nn.sparse import SparseWeighting, dense


class Links(NamedTuple):
    """What every slot is linked to. `predecessors` has the rows of the DNC's link matrix, `successors` its columns."""

    predecessors: SparseWeighting
    successors: SparseWeighting
    precedence: SparseWeighting
    """How far each slot was the last one written, of one head."""


def no_links(like: Tensor, batch_size: int, memory_slots: int, count: int) -> Links:
    """Return links of zero."""
    return Links(*(_nothing(like, batch_size, rows, count) for rows in (memory_slots, memory_slots, 1)))


def linked(links: Links, written: SparseWeighting, memory_slots: int) -> Links:
    """Return the links after a step that wrote by the weighting `written`, of one head.

    Of a row that is full, the smallest links are dropped; of equal ones, those to later slots.

    Args:
        links: those before the step.
        written: [B, 1, V]; its weights sum to 1 at most.
        memory_slots: N.
    """
    count = links.precedence.slots.shape[-1]
    written = SparseWeighting(written.slots, written.weights.detach())
    weight = dense(written, memory_slots)  # [B, 1, N]
    slots, before = written.slots.squeeze(1), links.precedence
    own = weight.squeeze(1).gather(-1, slots).unsqueeze(-1)  # [B, V, 1]: a slot listed twice has its whole weight

    row = _rows(links.predecessors, slots)
    row = _joined(row._replace(weights=(1 - own) * row.weights), before.slots, own * before.weights, count)
    predecessors = _with_rows(links.predecessors, slots, row)

    decay = 1 - weight.expand(-1, memory_slots, -1).gather(-1, links.successors.slots)  # [B, N, L]
    successors = links.successors._replace(weights=decay * links.successors.weights)
    last = before.slots.squeeze(1)  # [B, L]
    share = dense(before, memory_slots).squeeze(1).gather(-1, last).unsqueeze(-1)  # as `own`
    row = _joined(_rows(successors, last), written.slots, share * written.weights, count)
    successors = _with_rows(successors, last, row)

    faded = (1 - written.weights.sum(-1, keepdim=True)) * before.weights
    precedence = _joined(before._replace(weights=faded), written.slots, written.weights, count)
    return Links(predecessors, successors, precedence)


def followed(links: SparseWeighting, weighting: SparseWeighting) -> SparseWeighting:
    """Return where links lead from a weighting [B, R, K]: up to K * L slots a head."""
    batch, heads, count = weighting.slots.shape
    row = _rows(links, weighting.slots.flatten(1))  # [B, R * K, L]
    weights = weighting.weights.unsqueeze(-1) * row.weights.view(batch, heads, count, -1)
    return SparseWeighting(row.slots.view(batch, heads, -1), weights.flatten(2))


def strongest(weighting: SparseWeighting, count: int) -> SparseWeighting:
    """Return the `count` largest weights of every head, each slot once; of equals, those of the first slots."""
    slots, order = weighting.slots.sort(dim=-1, stable=True)
    weights = weighting.weights.gather(-1, order)
    sums = _same(slots, slots, weights) @ weights.detach().unsqueeze(-1)
    repeated = torch.cat([torch.zeros_like(slots[..., :1]), slots[..., 1:] == slots[..., :-1]], dim=-1).bool()
    ranked = sums.squeeze(-1).masked_fill(repeated, -1.0).argsort(dim=-1, descending=True, stable=True)
    kept = ranked[..., :count]
    chosen = slots.gather(-1, kept)
    sums = (_same(chosen, slots, weights) @ weights.unsqueeze(-1)).squeeze(-1)
    return SparseWeighting(chosen, sums.masked_fill(repeated.gather(-1, kept), 0.0))


def _same(some: Int[Tensor, "B R K"], others: Int[Tensor, "B R M"], like: Tensor) -> Float[Tensor, "B R K M"]:
    return (some.unsqueeze(-1) == others.unsqueeze(-2)).to(like.dtype)


def _nothing(like: Tensor, batch_size: int, rows: int, count: int) -> SparseWeighting:
    slots = torch.zeros(batch_size, 1, count, dtype=torch.long, device=like.device)
    weights = like.new_zeros(batch_size, 1, count)
    return SparseWeighting(slots.expand(-1, rows, -1), weights.expand(-1, rows, -1))


def _rows(links: SparseWeighting, slots: Int[Tensor, "B V"]) -> SparseWeighting:
    places = slots.unsqueeze(-1).expand(-1, -1, links.slots.shape[-1])
    return SparseWeighting(links.slots.gather(1, places), links.weights.gather(1, places))


def _with_rows(links: SparseWeighting, slots: Int[Tensor, "B V"], rows: SparseWeighting) -> SparseWeighting:
    places = slots.unsqueeze(-1).expand(-1, -1, rows.slots.shape[-1])
    return SparseWeighting(links.slots.scatter(1, places, rows.slots), links.weights.scatter(1, places, rows.weights))


def _joined(row: SparseWeighting, slots: Tensor, weights: Tensor, count: int) -> SparseWeighting:
    both = torch.cat([row.slots, slots.expand_as(weights)], dim=-1), torch.cat([row.weights, weights], dim=-1)
    return strongest(SparseWeighting(*both), count)
