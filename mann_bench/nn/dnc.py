"""The Differentiable Neural Computer as a recurrent layer.

Graves et al. 2016, "Hybrid computing using a neural network with dynamic external memory", Methods,
https://doi.org/10.1038/nature20101, with three optional changes of Csordas & Schmidhuber 2019, "Improving
Differentiable Neural Computers Through Memory Masking, De-allocation, and Link Distribution Sharpness
Control", https://arxiv.org/abs/1904.10278
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from mann_bench.nn import addressing, dnc_memory
from mann_bench.nn.cell import MemoryCell
from mann_bench.nn.checks import require_positive
from mann_bench.nn.controller import ControllerState, LSTMController
from mann_bench.nn.initialization import clip_symmetric, truncated_normal_linear
from mann_bench.nn.layer import RecurrentLayer


class DNCState(NamedTuple):
    """What a DNC carries from one time step to the next."""

    controller: ControllerState
    reads: Float[Tensor, "B R W"]
    read_weightings: Float[Tensor, "B R N"]
    write_weighting: Float[Tensor, "B N"]
    usage: Float[Tensor, "B N"]
    precedence: Float[Tensor, "B N"]
    link: Float[Tensor, "B N N"]
    memory: Float[Tensor, "B N W"]


class Interface(NamedTuple):
    """What the controller tells the memory at one time step.

    The last four are None where the switch that asks for them is off.
    """

    read_keys: Float[Tensor, "B R W"]
    read_strengths: Float[Tensor, "B R"]
    write_key: Float[Tensor, "B 1 W"]
    write_strength: Float[Tensor, "B 1"]
    erase: Float[Tensor, "B 1 W"]
    write_vector: Float[Tensor, "B 1 W"]
    free_gates: Float[Tensor, "B R"]
    allocation_gate: Float[Tensor, "B 1"]
    write_gate: Float[Tensor, "B 1"]
    read_modes: Float[Tensor, "B R 3"]
    """Shares of the backward, content and forward weighting, in this order."""
    read_masks: Float[Tensor, "B R W"] | None = None
    write_mask: Float[Tensor, "B 1 W"] | None = None
    forward_exponents: Float[Tensor, "B R"] | None = None
    backward_exponents: Float[Tensor, "B R"] | None = None


class DNCStep(NamedTuple):
    """What a DNC does at one time step: its output, the state after it, and what the controller told the memory."""

    output: Float[Tensor, "B F"]
    state: DNCState
    interface: Interface


class DNCCell(MemoryCell[DNCState]):
    """One time step of a DNC with an LSTM controller of one layer.

    The controller sees the input and the read vectors of the step before. One linear map of its hidden
    activation gives the interface vector. The write comes first, then the reads.

    Gradients flow through the usage and the links in full. The controller's activations and the interface
    are clipped to [-clip, clip]. Memory starts at zero, like all of the state.

    Args:
        input_size: channels of the input.
        controller_size: units of the LSTM controller.
        memory_slots: rows of the memory, N.
        slot_width: width of a row, W.
        read_heads: any number from one up.
        masked: each key brings a mask over the slot's entries, so that it can look for a part of them.
        deallocation: slots that are freed are also erased.
        sharpened: the forward and backward weightings are raised to powers and normalised; a weighting of
            zeros, before anything is linked, becomes uniform.
        clip: bound as above; none for unbounded.
    """

    def __init__(
        self,
        input_size: int,
        controller_size: int = 100,
        *,
        memory_slots: int = 128,
        slot_width: int = 20,
        read_heads: int = 1,
        masked: bool = False,
        deallocation: bool = False,
        sharpened: bool = False,
        clip: float | None = 20.0,
    ) -> None:
        super().__init__()
        require_positive(
            controller_size=controller_size,
            memory_slots=memory_slots,
            slot_width=slot_width,
            read_heads=read_heads,
            clip=clip,
        )
        self.memory_slots, self.slot_width, self.read_heads = memory_slots, slot_width, read_heads
        self.masked, self.deallocation, self.sharpened, self.clip = masked, deallocation, sharpened, clip
        self.input_size, self.controller_size = input_size, controller_size
        self.output_size = controller_size + read_heads * slot_width

        width, heads = slot_width, read_heads
        self._interface_sizes = [heads * width, heads, width, 1, width, width, heads, 1, 1, 3 * heads]
        self._interface_sizes += [heads * width, width] if masked else []
        self._interface_sizes += [heads, heads] if sharpened else []
        self.controller = LSTMController(input_size + heads * width, controller_size, clip=clip)
        self.interface = truncated_normal_linear(controller_size, sum(self._interface_sizes))
        self._off_diagonal: Tensor
        self.register_buffer("_off_diagonal", 1 - torch.eye(memory_slots), persistent=False)

    def initial_state(self, batch_size: int) -> DNCState:
        """Return zeros: an empty memory in which nothing is used or linked."""

        def zeros(*shape: int) -> Tensor:
            return self.interface.weight.new_zeros(batch_size, *shape)

        slots, heads = self.memory_slots, self.read_heads
        return DNCState(
            controller=self.controller.initial_state(batch_size),
            reads=zeros(heads, self.slot_width),
            read_weightings=zeros(heads, slots),
            write_weighting=zeros(slots),
            usage=zeros(slots),
            precedence=zeros(slots),
            link=zeros(slots, slots),
            memory=zeros(slots, self.slot_width),
        )

    def observe(self, inputs: Float[Tensor, "B I"], state: DNCState) -> DNCStep:
        """Advance by one time step, as `forward`, and tell what the controller told the memory."""
        hidden, controller = self.controller(torch.cat([inputs, state.reads.flatten(1)], dim=-1), state.controller)
        interface = self.parse(hidden)

        retention = dnc_memory.retention(interface.free_gates, state.read_weightings)
        usage = dnc_memory.usage(state.usage, state.write_weighting, retention)
        write_weighting = self._write_weighting(interface, state.memory, usage)
        kept = state.memory * retention.unsqueeze(-1) if self.deallocation else state.memory
        memory = addressing.write(kept, write_weighting.unsqueeze(1), interface.erase, interface.write_vector)

        link = dnc_memory.temporal_link(state.link, write_weighting, state.precedence, self._off_diagonal)
        read_weightings = self._read_weightings(interface, memory, link, state.read_weightings)
        reads = addressing.read(memory, read_weightings)
        after = DNCState(
            controller=controller,
            reads=reads,
            read_weightings=read_weightings,
            write_weighting=write_weighting,
            usage=usage,
            precedence=dnc_memory.precedence(state.precedence, write_weighting),
            link=link,
            memory=memory,
        )
        return DNCStep(torch.cat([hidden, reads.flatten(1)], dim=-1), after, interface)

    def parse(self, hidden: Float[Tensor, "B C"]) -> Interface:
        """Return the interface, a function of the controller's hidden activation alone."""
        parts = torch.split(clip_symmetric(self.interface(hidden), self.clip), self._interface_sizes, dim=-1)
        read_keys, read_strengths, write_key, write_strength, erase, write_vector = parts[:6]
        free_gates, allocation_gate, write_gate, read_modes, *switched = parts[6:]
        interface = Interface(
            self._vectors(read_keys),
            _oneplus(read_strengths),
            self._vectors(write_key),
            _oneplus(write_strength),
            self._vectors(erase.sigmoid()),
            self._vectors(write_vector),
            free_gates.sigmoid(),
            allocation_gate.sigmoid(),
            write_gate.sigmoid(),
            read_modes.reshape(-1, self.read_heads, 3).softmax(-1),
        )
        if self.masked:
            read_masks, write_mask, *switched = switched
            interface = interface._replace(
                read_masks=self._vectors(read_masks.sigmoid()), write_mask=self._vectors(write_mask.sigmoid())
            )
        if self.sharpened:
            forward, backward = switched
            interface = interface._replace(forward_exponents=_oneplus(forward), backward_exponents=_oneplus(backward))
        return interface

    def _vectors(self, values: Float[Tensor, "B K"]) -> Float[Tensor, "B H W"]:
        return values.reshape(values.shape[0], -1, self.slot_width)

    def _write_weighting(
        self, interface: Interface, memory: Float[Tensor, "B N W"], usage: Float[Tensor, "B N"]
    ) -> Float[Tensor, "B N"]:
        content = _content(memory, interface.write_key, interface.write_strength, interface.write_mask).squeeze(1)
        return interface.write_gate * torch.lerp(content, dnc_memory.allocation(usage), interface.allocation_gate)

    def _read_weightings(
        self,
        interface: Interface,
        memory: Float[Tensor, "B N W"],
        link: Float[Tensor, "B N N"],
        previous: Float[Tensor, "B R N"],
    ) -> Float[Tensor, "B R N"]:
        forward, backward = previous @ link.mT, previous @ link
        if interface.forward_exponents is not None and interface.backward_exponents is not None:
            forward = addressing.sharpen(forward, interface.forward_exponents)
            backward = addressing.sharpen(backward, interface.backward_exponents)
        content = _content(memory, interface.read_keys, interface.read_strengths, interface.read_masks)
        modes = interface.read_modes.unsqueeze(-1).unbind(2)  # 3 of [B, R, 1]
        return modes[0] * backward + modes[1] * content + modes[2] * forward


class DNC(RecurrentLayer):
    """A DNC over whole sequences; `options` are the keyword arguments of `DNCCell`."""

    def __init__(
        self, input_size: int, controller_size: int = 100, *, batch_first: bool = False, **options: Any
    ) -> None:
        super().__init__(DNCCell(input_size, controller_size, **options), batch_first)


def _content(memory: Tensor, keys: Tensor, strength: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return addressing.content_weighting(memory, keys, strength)
    return addressing.masked_content_weighting(memory, keys, strength, mask)


def _oneplus(values: Tensor) -> Tensor:
    return 1 + functional.softplus(values)
