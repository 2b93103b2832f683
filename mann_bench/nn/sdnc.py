"""The sparse Differentiable Neural Computer as a recurrent layer.

Rae et al. 2016, "Scaling Memory-Augmented Neural Networks with Sparse Reads and Writes", supplementary D,
https://arxiv.org/abs/1610.09027
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from mann_bench.nn import sparse, sparse_links
from mann_bench.nn.cell import MemoryCell
from mann_bench.nn.checks import require_one_of, require_positive, require_slots_for
from mann_bench.nn.controller import ControllerState, LSTMController
from mann_bench.nn.initialization import clip_symmetric, truncated_normal_linear
from mann_bench.nn.layer import RecurrentLayer
from mann_bench.nn.memory_start import Index, MemoryStart
from mann_bench.nn.ntm import MemoryInit
from mann_bench.nn.sparse import SparseWeighting
from mann_bench.nn.sparse_links import Links


class SDNCState(NamedTuple):
    """What an SDNC carries from one time step to the next."""

    controller: ControllerState
    reads: Float[Tensor, "B R W"]
    read_weighting: SparseWeighting
    age: Int[Tensor, "B N"]
    """Steps since each slot was accessed."""
    links: Links
    memory: Float[Tensor, "B N W"]


class Interface(NamedTuple):
    """What the controller tells the memory at one time step."""

    read_keys: Float[Tensor, "B R W"]
    read_strengths: Float[Tensor, "B R"]
    read_modes: Float[Tensor, "B R 3"]
    """Shares of the backward, content and forward weighting, in this order."""
    write_word: Float[Tensor, "B 1 W"]
    write_gate: Float[Tensor, "B 1"]
    interpolation_gate: Float[Tensor, "B 1"]
    """Share of the write gate that goes where the heads read in the step before; the rest goes to an unused slot."""


class SDNCStep(NamedTuple):
    """What an SDNC does at one time step: its output, the state after it, what the memory was told, where it wrote."""

    output: Float[Tensor, "B F"]
    state: SDNCState
    told: Interface
    written: SparseWeighting


class SDNCCell(MemoryCell[SDNCState]):
    """One time step of an SDNC with an LSTM controller of one layer.

    Memory, writes and usage are those of `SAMCell`, and so are the choices there where the paper is silent. A read
    weighting mixes the slots most like the key with those that were written after and before what the head read, as
    the DNC does. Beyond that we choose:

    - One head writes, as in the DNC: links then tell an order. It builds on the mean of the read weightings.
    - Of a mixed read weighting the `neighbours` largest weights are kept as they are: a head reads K slots.
    - Of a row of links that is full, the smallest is dropped. As printed, a slot may be linked to itself, and links
      fade by the weight of the later slot alone.
    - What was written after a slot is looked up in its own row of the transposed links, so a step visits the rows of
      the slots read.
    - No gradient goes through links; one does through the read weighting that they are applied to.

    Args:
        input_size: channels of the input.
        controller_size: units of the LSTM controller.
        memory_slots: rows of the memory, N.
        slot_width: width of a row, W.
        read_heads: any number from one up.
        neighbours: slots that a head reads in a step, K; up to `memory_slots`.
        links: slots that each slot is linked to in either direction, K_L.
        memory_init: where the memory of every sequence starts, as in `SAMCell`.
        index: how the slots most like a key are searched for, ``exact`` or ``approximate``, as in `SAMCell`.
        clip: bound of the interface; none for unbounded.

    Raises:
        ValueError: a size is not positive, there are fewer slots than neighbours, or an approximate index is asked
            for over a learned start.
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
        links: int = 8,
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
            links=links,
            clip=clip,
        )
        require_one_of(memory_init=(memory_init, MemoryInit))
        require_slots_for(memory_slots, neighbours=neighbours)
        self.memory_slots, self.slot_width, self.read_heads = memory_slots, slot_width, read_heads
        self.neighbours, self.links, self.clip = neighbours, links, clip
        self.memory_init, self.index = memory_init, index
        self.input_size, self.controller_size = input_size, controller_size
        self.output_size = controller_size + read_heads * slot_width

        self._interface_sizes = [read_heads * slot_width, read_heads, 3 * read_heads, slot_width, 1, 1]
        self.controller = LSTMController(input_size + read_heads * slot_width, controller_size)
        self.interface = truncated_normal_linear(controller_size, sum(self._interface_sizes))
        self.memory_start = MemoryStart(memory_init, memory_slots, slot_width, index, neighbours)

    def initial_state(self, batch_size: int) -> SDNCState:
        """Return the state before the first step, the same for every sequence of the batch."""
        like = self.interface.weight
        return SDNCState(
            self.controller.initial_state(batch_size),
            like.new_zeros(batch_size, self.read_heads, self.slot_width),
            sparse.no_weighting(like, batch_size, self.read_heads, self.neighbours),
            torch.zeros(batch_size, 1, dtype=torch.long, device=like.device).expand(-1, self.memory_slots),
            sparse_links.no_links(like, batch_size, self.memory_slots, self.links),
            self.memory_start(like).expand(batch_size, -1, -1),
        )

    def observe(self, inputs: Float[Tensor, "B I"], state: SDNCState) -> SDNCStep:
        """Advance by one time step, as `forward`, and tell what it did."""
        hidden, controller = self.controller(torch.cat([inputs, state.reads.flatten(1)], dim=-1), state.controller)
        told = self.parse(hidden)
        written = self.write_weighting(told, state)
        memory = sparse.write(state.memory, written.slots[..., -1], written, told.write_word)
        links = sparse_links.linked(state.links, written, self.memory_slots)
        visited = self._read_weighting(told, state.read_weighting, links, memory)
        reads = sparse.read(memory, visited)
        after = SDNCState(controller, reads, visited, sparse.aged(state.age, written, visited), links, memory)
        return SDNCStep(torch.cat([hidden, reads.flatten(1)], dim=-1), after, told, written)

    def parse(self, hidden: Float[Tensor, "B C"]) -> Interface:
        """Return the interface, a function of the controller's hidden activation alone."""
        parts = torch.split(clip_symmetric(self.interface(hidden), self.clip), self._interface_sizes, dim=-1)
        keys, strengths, modes, word, write_gate, interpolation_gate = parts
        return Interface(
            keys.reshape(-1, self.read_heads, self.slot_width),
            1 + functional.softplus(strengths),
            modes.reshape(-1, self.read_heads, 3).softmax(-1),
            word.unsqueeze(1),
            write_gate.sigmoid(),
            interpolation_gate.sigmoid(),
        )

    def write_weighting(self, told: Interface, state: SDNCState) -> SparseWeighting:
        """Return the weighting by which the step after `state` writes; its last slot is the unused one."""
        slots, weights = (part.flatten(1).unsqueeze(1) for part in state.read_weighting)
        unused = sparse.least_recently_used(state.age, 1)
        mean = SparseWeighting(slots, weights / self.read_heads)
        return sparse.write_weighting(mean, unused, told.write_gate, told.interpolation_gate)

    def _read_weighting(
        self, told: Interface, previous: SparseWeighting, links: Links, memory: Float[Tensor, "B N W"]
    ) -> SparseWeighting:
        among = self.memory_start.compared(memory, told.read_keys)
        candidates = [
            sparse_links.followed(links.predecessors, previous),
            sparse.content_weighting(memory, told.read_keys, told.read_strengths, self.neighbours, among),
            sparse_links.followed(links.successors, previous),
        ]
        shares = told.read_modes.unsqueeze(-1).unbind(2)  # 3 of [B, R, 1]
        mixed = SparseWeighting(
            torch.cat([each.slots for each in candidates], dim=-1),
            torch.cat([share * each.weights for share, each in zip(shares, candidates, strict=True)], dim=-1),
        )
        return sparse_links.strongest(mixed, self.neighbours)


class SDNC(RecurrentLayer):
    """An SDNC over whole sequences; `options` are the keyword arguments of `SDNCCell`."""

    def __init__(
        self, input_size: int, controller_size: int = 100, *, batch_first: bool = False, **options: Any
    ) -> None:
        super().__init__(SDNCCell(input_size, controller_size, **options), batch_first)
