"""An approximate search: of a memory's start, a key is compared with the rows of a few buckets alone.

Steps change a few rows and leave the start as it is. So the buckets are made once and follow no write, and backward has
nothing to undo in them. A row that differs from the start is always compared, as it is now.

Axes: B batch, H heads, C buckets, N memory slots, W slot width.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mann_bench.nn.addressing import unit
from mann_bench.nn.sparse import largest

PROBES = 8
"""Buckets that a key is compared with: those whose centers are most like it."""

_ROWS_AT_ONCE = 16384


class Buckets(NamedTuple):
    """Of each bucket its center, a row of length one, and of each slot the bucket that it is in."""

    centers: Float[Tensor, "C W"]
    of_slot: Int[Tensor, " N"]


def buckets_of(start: Float[Tensor, "N W"], neighbours: int) -> Buckets | None:
    """Put every slot in the bucket of the center that its row is most like; the centers are rows drawn evenly.

    There are as many buckets as the root of the slots, to a power of two. The same start always gives the same ones.

    Returns:
        None where a key would be compared with all buckets anyway.

    Raises:
        ValueError: some buckets together have too few slots to find so many neighbours in.
    """
    slots = len(start)
    count = 2 ** round(math.log2(slots) / 2)
    if count <= PROBES:
        return None
    rows = unit(start)
    drawn = torch.randperm(slots, generator=torch.Generator().manual_seed(0))[:count]
    centers = rows[drawn.to(rows.device)]
    # More training of the centers, as of k-means, finds hardly more.
    of_slot = torch.cat([(part @ centers.mT).argmax(-1) for part in torch.split(rows, _ROWS_AT_ONCE)])
    fewest = int(of_slot.bincount(minlength=count).sort().values[:PROBES].sum())
    if fewest < neighbours:
        raise ValueError(
            f"neighbours must be at most {fewest} with index=approximate, not {neighbours}: a key may be compared with "
            "so few rows of this start. Take index=exact"
        )
    return Buckets(centers, of_slot)


def compared(
    buckets: Buckets, start: Float[Tensor, "N W"], memory: Float[Tensor, "B N W"], keys: Float[Tensor, "B H W"]
) -> Bool[Tensor, "B H N"]:
    """Return which slots a key is compared with: those of its buckets, and those that differ from the start."""
    probed = largest(unit(keys.detach()) @ buckets.centers.mT, PROBES)
    is_probed = torch.zeros(*keys.shape[:-1], len(buckets.centers), dtype=torch.bool, device=keys.device)
    changed = (memory.detach() != start).any(-1)
    return is_probed.scatter(-1, probed, True)[..., buckets.of_slot] | changed.unsqueeze(1)
