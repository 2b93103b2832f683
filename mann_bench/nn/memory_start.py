"""Where the memory of every sequence starts, for memories that may be too large to train."""

from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from mann_bench.nn.checks import require_one_of
from mann_bench.nn.initialization import Normal, glorot, start
from mann_bench.nn.ntm import CONSTANT_MEMORY, MemoryInit
from mann_bench.nn.sparse_buckets import Buckets, buckets_of, compared

Index = Literal["exact", "approximate"]
"""How the slots most like a key are searched for."""


class Untrained(NamedTuple):
    """A start that no training changes, and what is made of it once."""

    source: tuple[Tensor, int, int]
    """What it was made of, and the versions of that and of itself: whoever writes to either gets another one."""
    memory: Float[Tensor, "N W"]
    buckets: Buckets | None
    forms: dict[Any, Any]
    """Other forms of it, which those keep here who need them."""


class MemoryStart(nn.Module):
    """The memory before the first step; only ``learned`` is trained, and ``constant`` takes no place in a checkpoint.

    Args:
        memory_init: ``constant``, ``learned`` or ``random``, as `mann_bench.nn.SAMCell` has them.
        memory_slots: rows of the memory, N.
        slot_width: width of a row, W.
        index: ``exact`` or ``approximate``, as `mann_bench.nn.SAMCell` has them.
        neighbours: slots that a head reads in a step.

    Raises:
        ValueError: an approximate index is asked for over a learned start.
    """

    def __init__(
        self, memory_init: MemoryInit, memory_slots: int, slot_width: int, index: Index = "exact", neighbours: int = 1
    ) -> None:
        super().__init__()
        require_one_of(index=(index, Index))
        if index == "approximate" and memory_init == "learned":
            raise ValueError(
                "index=approximate needs a memory that starts constant or random: every training step would change "
                "what the index has made of a learned start. Take index=exact"
            )
        self.shape = memory_slots, slot_width
        self.index, self.neighbours = index, neighbours
        self.raw: Tensor | None = None
        self.trained = memory_init == "learned"
        self._untrained: Untrained | None = None
        if memory_init == "learned":
            self.raw = nn.Parameter(torch.empty(self.shape))
            start(self, raw=glorot(1, memory_slots * slot_width))
        elif memory_init == "random":
            del self.raw
            self.register_buffer("raw", torch.empty(self.shape))
            start(self, raw=Normal(0.5))

    def forward(self, like: Tensor) -> Float[Tensor, "N W"]:
        """Return the start, of the precision and on the device of `like`; a constant one is a view of one number."""
        if self.raw is None:
            return like.new_full((1, 1), CONSTANT_MEMORY).expand(self.shape)
        return self.raw.tanh() if self.trained else self._once(self.raw).memory

    def compared(self, memory: Float[Tensor, "B N W"], keys: Float[Tensor, "B H W"]) -> Bool[Tensor, "B H N"] | None:
        """Return which slots a key is compared with; None for all."""
        if self.raw is None or self.index == "exact":
            return None
        made = self._untrained or self._once(self.raw)
        return None if made.buckets is None else compared(made.buckets, made.memory, memory, keys)

    def untrained(self) -> Untrained | None:
        """Return the start as the last call of `forward` made it; None where all its rows are alike or trained."""
        return self._untrained

    def _once(self, raw: Tensor) -> Untrained:
        made = self._untrained
        if made is None or made.source[0] is not raw or made.source[1:] != (_version(raw), _version(made.memory)):
            with torch.inference_mode(False), torch.no_grad():  # what inference makes could not be trained on
                memory = raw.tanh()
                buckets = buckets_of(memory, self.neighbours) if self.index == "approximate" else None
            made = self._untrained = Untrained((raw, _version(raw), _version(memory)), memory, buckets, {})
        return made


def _version(tensor: Tensor) -> int:
    """Count the writes to a tensor, which are not counted for one of inference: nobody is to write to those."""
    return 0 if tensor.is_inference() else tensor._version
