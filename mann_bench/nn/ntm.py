"""The Neural Turing Machine as a recurrent layer.

Graves, Wayne & Danihelka 2014, "Neural Turing Machines", https://arxiv.org/abs/1410.5401, with the
initialisation and clipping of Collier & Beel 2018, https://arxiv.org/abs/1807.08518
"""

from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench.nn import addressing
from mann_bench.nn.cell import MemoryCell
from mann_bench.nn.checks import require_one_of, require_positive
from mann_bench.nn.controller import ControllerKind, ControllerState, FeedforwardController, LSTMController
from mann_bench.nn.initialization import Normal, Start, clip_symmetric, glorot, start, truncated_normal_linear
from mann_bench.nn.layer import RecurrentLayer

Addressing = Literal["content_and_location", "content"]
MemoryInit = Literal["constant", "learned", "random"]
Sharpening = Literal["log", "power"]

CONSTANT_MEMORY = 1e-6
"""The seed paper's constant. Zero itself would give the cosine an unbounded gradient."""


class NTMState(NamedTuple):
    """What an NTM carries from one time step to the next. H counts read heads first, then write heads.

    M is N, or 0 where heads address by content alone: they do not build on the weightings of the step before.
    """

    controller: ControllerState
    reads: Float[Tensor, "B R W"]
    weightings: Float[Tensor, "B H M"]
    memory: Float[Tensor, "B N W"]


class LocationHeads(NamedTuple):
    """The part of `Heads` that moves their weightings from those of the step before."""

    interpolation_gate: Float[Tensor, "B H"]
    shift_weighting: Float[Tensor, "B H S"]
    sharpening: Float[Tensor, "B H"]


class Heads(NamedTuple):
    """What the controller tells the heads at one time step. H counts read heads first, then write heads."""

    key: Float[Tensor, "B H W"]
    key_strength: Float[Tensor, "B H"]
    location: LocationHeads | None  # None: addressing by content alone
    erase: Float[Tensor, "B K W"]
    add: Float[Tensor, "B K W"]


class NTMStep(NamedTuple):
    """What an NTM does at one time step: its output, the state after it, and where its heads were and why."""

    output: Float[Tensor, "B F"]
    state: NTMState
    heads: Heads
    weightings: Float[Tensor, "B H N"]


class NTMCell(MemoryCell[NTMState]):
    """One time step of an NTM.

    The controller sees the input and the previous read vectors. One linear map of its hidden activation,
    clipped to [-clip, clip], gives the parameters of all heads; every head addresses the memory of the
    step before; the read heads read it, then the write heads change it.

    Args:
        input_size: channels of the input.
        controller_size: units of each controller layer.
        controller: ``lstm``, or ``feedforward`` (tanh layers without a state of their own).
        controller_layers: layers of the controller.
        memory_slots: rows of the memory, N.
        slot_width: width of a row, W.
        read_heads, write_heads: any number from one up.
        addressing: ``content_and_location``, or ``content``: the weighting of equation 5 as it is. Then there are no
            gate, shifts and sharpening, and their two options have no effect.
        shift_range: a head can rotate its weighting by up to this many slots each way in a step.
        sharpening: ``log`` computes equation 9 in log space, where it cannot fail; ``power`` computes it to
            the letter, which ends in NaN now and then.
        memory_init: where the memory of every sequence starts: ``constant`` (1e-6 in every cell),
            ``learned`` (tanh of a vector that starts Glorot-uniform), ``random`` (tanh of a matrix that
            starts as N(0, 0.5)).
        memory_trainable: whether that start is trained with everything else, as in the seed paper's code.
        clip: bound of the head parameters; none for unbounded.
    """

    def __init__(
        self,
        input_size: int,
        controller_size: int = 100,
        *,
        controller: ControllerKind = "lstm",
        controller_layers: int = 1,
        memory_slots: int = 128,
        slot_width: int = 20,
        read_heads: int = 1,
        write_heads: int = 1,
        addressing: Addressing = "content_and_location",
        shift_range: int = 1,
        sharpening: Sharpening = "log",
        memory_init: MemoryInit = "constant",
        memory_trainable: bool = True,
        clip: float | None = 20.0,
    ) -> None:
        super().__init__()
        require_positive(
            controller_size=controller_size,
            controller_layers=controller_layers,
            memory_slots=memory_slots,
            slot_width=slot_width,
            read_heads=read_heads,
            write_heads=write_heads,
            clip=clip,
        )
        require_one_of(controller=(controller, ControllerKind), sharpening=(sharpening, Sharpening))
        require_one_of(addressing=(addressing, Addressing), memory_init=(memory_init, MemoryInit))
        if not 0 <= 2 * shift_range < memory_slots:
            raise ValueError(f"shift_range must be from 0 to {(memory_slots - 1) // 2}, not {shift_range}")
        self.read_heads, self.write_heads, self.addressing = read_heads, write_heads, addressing
        self.memory_slots, self.slot_width, self.clip = memory_slots, slot_width, clip
        self.memory_init, self.sharpening = memory_init, sharpening
        self.input_size, self.controller_size = input_size, controller_size
        self.output_size = controller_size + read_heads * slot_width

        heads = read_heads + write_heads
        # A head takes key, key strength, and for location interpolation gate, shift weighting, sharpening.
        self._address_sizes = [slot_width, 1]
        if addressing == "content_and_location":
            self._address_sizes += [1, 2 * shift_range + 1, 1]
        self._interface_sizes = [heads * sum(self._address_sizes), *2 * [write_heads * slot_width]]
        make_controller = LSTMController if controller == "lstm" else FeedforwardController
        self.controller = make_controller(input_size + read_heads * slot_width, controller_size, controller_layers)
        self.interface = truncated_normal_linear(controller_size, sum(self._interface_sizes))
        self.initial_reads = nn.Parameter(torch.empty(read_heads, slot_width))
        self.initial_weightings: nn.Parameter | None = None
        starts = {"initial_reads": _glorot_vector(self.initial_reads)}
        if addressing == "content_and_location":
            self.initial_weightings = nn.Parameter(torch.empty(heads, memory_slots))
            starts["initial_weightings"] = _glorot_vector(self.initial_weightings)
        memory = torch.full((memory_slots, slot_width), CONSTANT_MEMORY)
        if memory_trainable:
            self.initial_memory: Tensor = nn.Parameter(memory)
        else:
            self.register_buffer("initial_memory", memory)
        start(self, **starts, **_memory_start(memory_init, self.initial_memory))

    def initial_state(self, batch_size: int) -> NTMState:
        """Return the state before the first step, the same for every sequence of the batch."""
        memory = self.initial_memory if self.memory_init == "constant" else self.initial_memory.tanh()
        return NTMState(
            self.controller.initial_state(batch_size),
            self.initial_reads.tanh().expand(batch_size, -1, -1),
            self._start_weightings().expand(batch_size, -1, -1),
            memory.expand(batch_size, -1, -1),
        )

    def _start_weightings(self) -> Float[Tensor, "H M"]:
        if self.initial_weightings is None:
            return self.initial_reads.new_empty(self.read_heads + self.write_heads, 0)
        return self.initial_weightings.softmax(-1)

    def observe(self, inputs: Float[Tensor, "B I"], state: NTMState) -> NTMStep:
        """Advance by one time step, as `forward`, and tell what the heads did."""
        hidden, controller = self.controller(torch.cat([inputs, state.reads.flatten(1)], dim=-1), state.controller)
        heads = self.heads(hidden)
        weightings = self.address(heads, state)
        reads = addressing.read(state.memory, weightings[:, : self.read_heads])
        memory = addressing.write(state.memory, weightings[:, self.read_heads :], heads.erase, heads.add)
        output = torch.cat([hidden, reads.flatten(1)], dim=-1)
        carried = state.weightings if heads.location is None else weightings
        return NTMStep(output, NTMState(controller, reads, carried, memory), heads, weightings)

    def heads(self, hidden: Float[Tensor, "B C"]) -> Heads:
        """Return the parameters of all heads, a function of the controller's hidden activation alone."""
        interface = clip_symmetric(self.interface(hidden), self.clip)
        address, erase, add = torch.split(interface, self._interface_sizes, dim=-1)
        per_head = address.reshape(address.shape[0], self.read_heads + self.write_heads, -1)
        key, strength, *location = torch.split(per_head, self._address_sizes, dim=-1)
        return Heads(
            key.tanh(),
            functional.softplus(strength).squeeze(-1),
            _location(*location) if location else None,
            erase.sigmoid().view(-1, self.write_heads, self.slot_width),
            add.tanh().view(-1, self.write_heads, self.slot_width),
        )

    def address(self, heads: Heads, state: NTMState) -> Float[Tensor, "B H N"]:
        """Return the weightings of a step whose state before it was `state`, equations 5 to 9."""
        content = addressing.content_weighting(state.memory, heads.key, heads.key_strength)
        if heads.location is None:
            return content
        gated = addressing.interpolate(state.weightings, content, heads.location.interpolation_gate)
        shifted = addressing.shift(gated, heads.location.shift_weighting)
        sharpen = addressing.sharpen if self.sharpening == "log" else addressing.sharpen_as_power
        return sharpen(shifted, heads.location.sharpening)


def _location(gate: Tensor, shifts: Tensor, sharpening: Tensor) -> LocationHeads:
    return LocationHeads(
        gate.sigmoid().squeeze(-1), shifts.softmax(-1), 1 + functional.softplus(sharpening).squeeze(-1)
    )


class NTM(RecurrentLayer):
    """An NTM over whole sequences; `options` are the keyword arguments of `NTMCell`."""

    def __init__(
        self, input_size: int, controller_size: int = 100, *, batch_first: bool = False, **options: Any
    ) -> None:
        super().__init__(NTMCell(input_size, controller_size, **options), batch_first)


def _glorot_vector(tensor: Tensor) -> Start:
    """Return how a tensor starts that is taken for one vector of all its entries, which one unit feeds."""
    return glorot(1, tensor.numel())


def _memory_start(memory_init: MemoryInit, memory: Tensor) -> dict[str, Start]:
    match memory_init:
        case "constant":
            return {}
        case "learned":
            return {"initial_memory": _glorot_vector(memory)}
        case "random":
            return {"initial_memory": Normal(0.5)}
