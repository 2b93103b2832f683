"""Where the memory of every sequence starts, for memories that may be too large to train."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench.nn.initialization import Normal, glorot, start
from mann_bench.nn.ntm import CONSTANT_MEMORY, MemoryInit


class MemoryStart(nn.Module):
    """The memory before the first step; only ``learned`` is trained, and ``constant`` takes no place in a checkpoint.

    Args:
        memory_init: ``constant``, ``learned`` or ``random``, as `mann_bench.nn.SAMCell` has them.
        memory_slots: rows of the memory, N.
        slot_width: width of a row, W.
    """

    def __init__(self, memory_init: MemoryInit, memory_slots: int, slot_width: int) -> None:
        super().__init__()
        self.shape = memory_slots, slot_width
        self.raw: Tensor | None = None
        if memory_init == "learned":
            self.raw = nn.Parameter(torch.empty(self.shape))
            start(self, raw=glorot(1, memory_slots * slot_width))
        elif memory_init == "random":
            del self.raw
            self.register_buffer("raw", torch.empty(self.shape))
            start(self, raw=Normal(0.5))

    def forward(self, like: Tensor) -> Float[Tensor, "N W"]:
        """Return the start, of the precision and on the device of `like`; a constant one is a view of one number."""
        return like.new_full((1, 1), CONSTANT_MEMORY).expand(self.shape) if self.raw is None else self.raw.tanh()
