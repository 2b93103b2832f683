"""Sparse Access Memory as a recurrent layer: an NTM's memory of which a step reads and writes a few slots.

Rae et al. 2016, "Scaling Memory-Augmented Neural Networks with Sparse Reads and Writes", section 3,
https://arxiv.org/abs/1610.09027
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from mann_bench.nn import sparse
from mann_bench.nn.cell import MemoryCell
from mann_bench.nn.checks import require_one_of, require_positive, require_slots_for
from mann_bench.nn.controller import ControllerState, LSTMController
from mann_bench.nn.initialization import clip_symmetric, truncated_normal_linear
from mann_bench.nn.layer import RecurrentLayer
from mann_bench.nn.memory_start import Index, MemoryStart
from mann_bench.nn.ntm import MemoryInit
from mann_bench.nn.sparse import SparseWeighting


class SAMState(NamedTuple):
    """What a SAM carries from one time step to the next."""

    controller: ControllerState
    reads: Float[Tensor, "B H W"]
    read_weighting: SparseWeighting
    age: Int[Tensor, "B N"]
    """Steps since each slot was accessed."""
    memory: Float[Tensor, "B N W"]


class Interface(NamedTuple):
    """What the controller tells the heads at one time step."""

    key: Float[Tensor, "B H W"]
    key_strength: Float[Tensor, "B H"]
    write_word: Float[Tensor, "B H W"]
    write_gate: Float[Tensor, "B H"]
    interpolation_gate: Float[Tensor, "B H"]
    """Share of the write gate that goes where the head read in the step before; the rest goes to an unused slot."""


class SAMStep(NamedTuple):
    """What a SAM does at one time step: its output, the state after it, what its heads were told, where they wrote."""

    output: Float[Tensor, "B F"]
    state: SAMState
    told: Interface
    written: SparseWeighting


class SAMCell(MemoryCell[SAMState]):
    """One time step of a SAM with an LSTM controller of one layer.

    The controller sees the input and the read vectors of the step before. One linear map of its hidden activation,
    clipped to [-clip, clip], tells all heads. Every head first writes and then reads. It writes where it read in the
    step before, and in the least recently used slot, which is erased first. It reads the slots most like its key. What
    this computes and keeps for backward grows with the slots for the search and for copying the memory alone.

    Where the paper is silent, we choose:

    - The weights of the slots read are the softmax over them alone, and sum to one: a search that finds but these
      slots knows no others. Similarity is the cosine, times a key strength of 1 or more, as in the DNC.
    - Keys and written words are not squashed; both gates are logistic.
    - The heads take the least recently used slots one after another, so each gets its own. All slots are erased before
      anything is written.
    - A slot is accessed where the weights of all heads that read or write it sum to more than 0.005.
    - Of equally old slots, and of slots equally like a key, the one with the lowest number comes first.
    - Controller, read vectors and read weighting start at zero. All slots start equally old.

    Args:
        input_size: channels of the input.
        controller_size: units of the LSTM controller.
        memory_slots: rows of the memory, N.
        slot_width: width of a row, W.
        read_heads: heads, each of which reads and writes; up to `memory_slots`.
        neighbours: slots that a head reads in a step, K; up to `memory_slots`. With 1, its weight is always one, and
            keys have no gradient.
        memory_init: where the memory of every sequence starts: ``constant`` (1e-6 in every cell), ``learned`` (tanh of
            a vector that starts Glorot-uniform and is trained), ``random`` (tanh of a matrix drawn from N(0, 0.5),
            which is not trained).
        index: how the slots most like a key are searched for. ``exact``: among all. ``approximate``: among those that
            differ from the start, and of the others among those in the buckets most like the key
            (`mann_bench.nn.sparse_buckets`), a few in a hundred. Rows of a constant start are alike, so that finds the
            same there; a learned start has no such index.
        clip: bound of what the heads are told; none for unbounded.

    Raises:
        ValueError: a size is not positive, there are fewer slots than heads or neighbours, or an approximate index is
            asked for over a learned start.
    """

    def __init__(
        self,
        input_size: int,
        controller_size: int = 100,
        *,
        memory_slots: int = 128,
        slot_width: int = 20,
        read_heads: int = 4,
        neighbours: int = 4,
        memory_init: MemoryInit = "constant",
        index: Index = "exact",
        clip: float | None = 20.0,
    ) -> None:
        super().__init__()
        require_positive(
            controller_size=controller_size,
            memory_slots=memory_slots,
            slot_width=slot_width,
            read_heads=read_heads,
            neighbours=neighbours,
            clip=clip,
        )
        require_one_of(memory_init=(memory_init, MemoryInit))
        require_slots_for(memory_slots, read_heads=read_heads, neighbours=neighbours)
        self.memory_slots, self.slot_width, self.read_heads = memory_slots, slot_width, read_heads
        self.neighbours, self.memory_init, self.index, self.clip = neighbours, memory_init, index, clip
        self.input_size, self.controller_size = input_size, controller_size
        self.output_size = controller_size + read_heads * slot_width

        self._head_sizes = [slot_width, 1, slot_width, 1, 1]
        self.controller = LSTMController(input_size + read_heads * slot_width, controller_size)
        self.interface = truncated_normal_linear(controller_size, read_heads * sum(self._head_sizes))
        self.memory_start = MemoryStart(memory_init, memory_slots, slot_width, index, neighbours)

    def initial_state(self, batch_size: int) -> SAMState:
        """Return the state before the first step, the same for every sequence of the batch."""
        like = self.interface.weight
        return SAMState(
            self.controller.initial_state(batch_size),
            like.new_zeros(batch_size, self.read_heads, self.slot_width),
            sparse.no_weighting(like, batch_size, self.read_heads, self.neighbours),
            torch.zeros(batch_size, 1, dtype=torch.long, device=like.device).expand(-1, self.memory_slots),
            self.memory_start(like).expand(batch_size, -1, -1),
        )

    def observe(self, inputs: Float[Tensor, "B I"], state: SAMState) -> SAMStep:
        """Advance by one time step, as `forward`, and tell what it did."""
        hidden, controller = self.controller(torch.cat([inputs, state.reads.flatten(1)], dim=-1), state.controller)
        told = self.parse(hidden)
        written = self.write_weighting(told, state)
        unused = written.slots[..., -1]
        memory = sparse.write(state.memory, unused, written, told.write_word)
        among = self.memory_start.compared(memory, told.key)
        visited = sparse.content_weighting(memory, told.key, told.key_strength, self.neighbours, among)
        reads = sparse.read(memory, visited)
        after = SAMState(controller, reads, visited, sparse.aged(state.age, written, visited), memory)
        return SAMStep(torch.cat([hidden, reads.flatten(1)], dim=-1), after, told, written)

    def parse(self, hidden: Float[Tensor, "B C"]) -> Interface:
        """Return what the heads are told, a function of the controller's hidden activation alone."""
        told = clip_symmetric(self.interface(hidden), self.clip).view(hidden.shape[0], self.read_heads, -1)
        key, strength, word, write_gate, interpolation_gate = torch.split(told, self._head_sizes, dim=-1)
        return Interface(
            key,
            1 + functional.softplus(strength).squeeze(-1),
            word,
            write_gate.sigmoid().squeeze(-1),
            interpolation_gate.sigmoid().squeeze(-1),
        )

    def write_weighting(self, told: Interface, state: SAMState) -> SparseWeighting:
        """Return the weighting by which each head writes in the step after `state`; its last slot is the unused one."""
        unused = sparse.least_recently_used(state.age, self.read_heads)
        return sparse.write_weighting(state.read_weighting, unused, told.write_gate, told.interpolation_gate)


class SAM(RecurrentLayer):
    """A SAM over whole sequences; `options` are the keyword arguments of `SAMCell`."""

    def __init__(
        self, input_size: int, controller_size: int = 100, *, batch_first: bool = False, **options: Any
    ) -> None:
        super().__init__(SAMCell(input_size, controller_size, **options), batch_first)
