"""The memory-augmented network that writes where it read last, or where memory is used least."""

from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import Observation, OptionValue, RecurrentModel, match_ntm, require_positive
from mann_bench.nn import draw_weights
from mann_bench_modern.layered import unit


class LRUAState(NamedTuple):
    """What the network carries from step to step."""

    hidden: Float[Tensor, "B C"]
    cell: Float[Tensor, "B C"]
    reads: Float[Tensor, "B H W"]
    read_weighting: Float[Tensor, "B H N"]
    usage: Float[Tensor, "B N"]
    memory: Float[Tensor, "B N W"]


class LRUAModel(RecurrentModel):
    """An LSTM with Least Recently Used Access (Santoro et al. 2016, https://arxiv.org/abs/1605.06065).

    The controller sees the input and what was read in the step before. From its output follow a key k_t and a gate
    alpha_t of each head. Then, for each head,

        w^r_t = softmax_i(cosine(k_t, M_{t-1}(i)))
        r_t = sum_i w^r_t(i) M_{t-1}(i)
        w^w_t = sigma(alpha_t) w^r_{t-1} + (1 - sigma(alpha_t)) w^lu_{t-1}
        w^u_t = gamma w^u_{t-1} + w^r_t + w^w_t, summed over the heads
        M_t(i) = M_{t-1}(i) + w^w_t(i) k_t, summed over the heads

    where w^lu_{t-1} is one at the least used slot and zero elsewhere; that slot is erased before it is written. The
    logits follow from the controller's output and what was read.

    Where the paper is silent, we choose: a step reads before it writes, as its key would find itself otherwise. Each
    head has a gate and a least used slot of its own, one head after the other, and of equally used slots the first.
    Keys are squashed by tanh, and the memory starts empty.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        controller_size: units of the LSTM, 1 or more; None takes the size that gives the whole model as nearly as can
            be the parameters of the default NTM on the same task, with the other options as given.
        memory_slots: rows of the memory, N, 1 or more.
        slot_width: width of a row, W, 1 or more.
        read_heads: heads, each of which reads and writes, 1 to `memory_slots`.
        usage_decay: gamma, what is left of a slot's usage in a step, above 0 and below 1.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        controller_size: int | None = None,
        memory_slots: int = 128,
        slot_width: int = 40,
        read_heads: int = 4,
        usage_decay: float = 0.95,
    ) -> None:
        super().__init__(input_size, output_size)
        require_positive(controller_size=controller_size, memory_slots=memory_slots, slot_width=slot_width)
        require_positive(read_heads=read_heads, usage_decay=usage_decay)
        if read_heads > memory_slots:
            raise ValueError(f"read_heads must be at most memory_slots ({memory_slots}), not {read_heads}")
        if usage_decay >= 1:
            raise ValueError(f"usage_decay must be below 1, not {usage_decay}")
        self._details: dict[str, OptionValue] = {}
        if controller_size is None:
            build = partial(LRUAModel, input_size, output_size, slot_width=slot_width, read_heads=read_heads)
            match = match_ntm(lambda size: build(controller_size=size), input_size, output_size)
            controller_size, self._details = match.size, match.details("controller_size")
        self.controller_size, self.memory_slots, self.slot_width = controller_size, memory_slots, slot_width
        self.read_heads, self.usage_decay = read_heads, usage_decay
        seen = input_size + read_heads * slot_width
        self.controller = nn.Linear(seen + controller_size, 4 * controller_size)
        self.heads = nn.Linear(controller_size, read_heads * (slot_width + 1))
        self.readout = nn.Linear(controller_size + read_heads * slot_width, output_size)

    def details(self) -> dict[str, OptionValue]:
        """Return the size that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def draw_weights(self, seed: int) -> None:
        """Draw the initial weights of a run."""
        draw_weights(self, seed)

    def initial_state(self, batch_size: int) -> LRUAState:
        """Return an empty memory, of which nothing is used, and a controller at zero."""
        zeros = partial(self.readout.weight.new_zeros, batch_size)
        return LRUAState(
            zeros(self.controller_size),
            zeros(self.controller_size),
            zeros(self.read_heads, self.slot_width),
            zeros(self.read_heads, self.memory_slots),
            zeros(self.memory_slots),
            zeros(self.memory_slots, self.slot_width),
        )

    def step(self, inputs: Float[Tensor, "B I"], state: LRUAState) -> tuple[Float[Tensor, "B O"], LRUAState]:
        """Advance the controller, read, then write."""
        logits, state, _ = self.observe(inputs, state)
        return logits, state

    def observe(
        self, inputs: Float[Tensor, "B I"], state: LRUAState
    ) -> tuple[Float[Tensor, "B O"], LRUAState, Observation]:
        """Do a step and tell where the heads read and wrote."""
        told = self.controller(torch.cat([inputs, state.reads.flatten(1), state.hidden], dim=1))
        (keep, take, show), new = told[:, self.controller_size :].sigmoid().chunk(3, dim=1), told.chunk(4, dim=1)[0]
        cell = keep * state.cell + take * new.tanh()
        hidden = show * cell.tanh()
        keys, gates = self.heads(hidden).split([self.read_heads * self.slot_width, self.read_heads], dim=1)
        keys, gates = keys.tanh().reshape_as(state.reads), gates.sigmoid()

        read_weighting = (unit(keys) @ unit(state.memory).mT).softmax(-1)
        reads = read_weighting @ state.memory
        unused = self._least_used(state.usage)
        write_weighting = torch.lerp(unused, state.read_weighting, gates.unsqueeze(-1))
        memory = (1 - unused.sum(1)).unsqueeze(-1) * state.memory + write_weighting.mT @ keys
        usage = self.usage_decay * state.usage + (read_weighting + write_weighting).sum(1)

        logits = self.readout(torch.cat([hidden, reads.flatten(1)], dim=1))
        observation = Observation(read_weighting, write_weighting, memory, {"interpolation_gate": gates})
        return logits, LRUAState(hidden, cell, reads, read_weighting, usage, memory), observation

    def _least_used(self, usage: Float[Tensor, "B N"]) -> Float[Tensor, "B H N"]:
        """Return one at a slot of each head, and zero elsewhere."""
        slots = usage.argsort(dim=1, stable=True)[:, : self.read_heads]
        return functional.one_hot(slots, self.memory_slots).to(usage.dtype)
