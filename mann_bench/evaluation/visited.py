"""Sparse weightings over time steps, told of the slots that were visited alone."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mann_bench.nn.sparse import SparseWeighting, rows


class SparseStep(NamedTuple):
    """What is kept of a step: its size does not depend on the number of slots, but for the first step's `norms`.

    Attributes:
        read, written: where the heads were.
        changed: norms of the slots in `written`, after the step; None where no norms are asked for.
        norms: those of all slots after the step; None but of the first.
    """

    read: SparseWeighting
    written: SparseWeighting
    changed: Float[Tensor, "B K L"] | None
    norms: Float[Tensor, "B N"] | None

    @classmethod
    def of(
        cls, read: SparseWeighting, written: SparseWeighting, memory: Float[Tensor, "B N W"], norms: bool, first: bool
    ) -> "SparseStep":
        """Return what is kept of the first or of a later step."""
        changed = rows(memory, written.slots).norm(dim=-1) if norms else None
        return cls(read, written, changed, memory.norm(dim=-1) if norms and first else None)


def visited_slots(steps: Iterable[SparseStep]) -> Int[Tensor, " V"]:
    """Return the numbers of the slots that any head of any sequence visits, in rising order; at least one."""
    met = [part.slots[part.weights != 0] for step in steps for part in (step.read, step.written)]
    found: Tensor = torch.cat(met).unique()  # type: ignore[no-untyped-call]
    return found if len(found) else found.new_zeros(1)


def over_visited(steps: Sequence[SparseStep], slots: Int[Tensor, " V"]) -> dict[str, Tensor]:
    """Return the weightings over `slots`, [T, B, heads, V], and where they were kept the norms of these, [T, B, V]."""
    found = {
        "read_weightings": torch.stack([_weights(step.read, slots) for step in steps]),
        "write_weightings": torch.stack([_weights(step.written, slots) for step in steps]),
    }
    return found | ({"memory_norm": _norms(steps, slots)} if steps[0].norms is not None else {})


def slots_visited(steps: Sequence[SparseStep]) -> float:
    """Return how many slots a step visits, by any head, in the mean over steps and sequences."""
    counts = []
    for step in steps:
        slots = torch.cat([part.slots.flatten(1) for part in (step.read, step.written)], dim=-1)
        used = torch.cat([(part.weights != 0).flatten(1) for part in (step.read, step.written)], dim=-1)
        counts += [len(row[mask].unique()) for row, mask in zip(slots, used, strict=True)]
    return sum(counts) / len(counts)


def _weights(weighting: SparseWeighting, slots: Int[Tensor, " V"]) -> Float[Tensor, "B H V"]:
    empty = weighting.weights.new_zeros(*weighting.weights.shape[:-1], len(slots) + 1)
    return empty.scatter_add(-1, _places(weighting.slots, slots), weighting.weights)[..., :-1]


def _norms(steps: Sequence[SparseStep], slots: Int[Tensor, " V"]) -> Float[Tensor, "T B V"]:
    """Return norms step by step: those of slots that a step does not write stay."""
    start = steps[0].norms
    assert start is not None
    now = torch.cat([start[:, slots], start[:, :1]], dim=-1)  # [B, V + 1], the last of them for all other slots
    found = [now]
    for step in steps[1:]:
        assert step.changed is not None
        now = now.scatter(-1, _places(step.written.slots, slots).flatten(1), step.changed.flatten(1))
        found.append(now)
    return torch.stack(found)[..., :-1]


def _places(wanted: Int[Tensor, "B H K"], slots: Int[Tensor, " V"]) -> Int[Tensor, "B H K"]:
    """Return where each stands in `slots`, which rise; V of those that do not."""
    at = torch.searchsorted(slots, wanted.contiguous()).clamp_max(len(slots) - 1)
    return torch.where(slots[at] == wanted, at, len(slots))
