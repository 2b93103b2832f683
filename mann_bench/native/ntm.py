"""The NTM over whole sequences in one native call: `ntm_sequence` equals `scan` over an `NTMCell`."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor

from mann_bench.native import arguments, operators
from mann_bench.native.arguments import tensors_of as _to_tensors
from mann_bench.native.arguments import weights_of as _weights
from mann_bench.native.recurrence import Count, Part, Recurrence, check
from mann_bench.nn.controller import FeedforwardController, LSTMController
from mann_bench.nn.ntm import NTMCell, NTMState


def problem_of(cell: NTMCell) -> str | None:
    """Return why the native recurrence cannot take the place of `cell`; None where it can."""
    if type(cell) is not NTMCell or type(cell.controller) not in (LSTMController, FeedforwardController):
        return "only NTMCell with an LSTMController or a FeedforwardController has a native recurrence"
    return arguments.problem_of(cell.interface.weight)


def ntm_sequence(
    cell: NTMCell, inputs: Float[Tensor, "T B I"], state: NTMState
) -> tuple[Float[Tensor, "T B F"], NTMState]:
    """Run `cell` over time in one call, which differentiates like the cell itself.

    Args:
        cell: one that `problem_of` returns None for.
        inputs: [T, B, I], of one step or more.
        state: the state before the first step; that of one sequence stands for the same before every sequence.

    Returns:
        The outputs of all steps, [T, B, output_size], and the last state.

    Raises:
        NativeBuildError: where the recurrence cannot be compiled.
        ValueError: where inputs or state do not fit the cell, or are not float32 on the CPU.
    """
    outputs, *end = _run(cell, inputs, state, keep_end=True)
    return outputs, _to_state(cell, end)


def ntm_outputs(cell: NTMCell, inputs: Float[Tensor, "T B I"], state: NTMState) -> Float[Tensor, "T B F"]:
    """Return the outputs of `ntm_sequence`, without the work of handing over the last state."""
    return _run(cell, inputs, state, keep_end=False)[0]


def _run(cell: NTMCell, inputs: Tensor, state: NTMState, keep_end: bool) -> tuple[Tensor, ...]:
    given = [inputs, *_weights(cell), *_to_tensors(state)]
    return operators.run(_sequence, given, _sizes(cell), cell.clip, keep_end)


def _to_state(cell: NTMCell, tensors: Sequence[Tensor]) -> NTMState:
    hidden, activations, *rest = tensors
    return NTMState(arguments.controller_state(hidden, activations, cell.controller_size), *rest)


class _Sizes(NamedTuple):
    """What the source is compiled for, besides the clip; the names in capitals are its constants."""

    lstm: int  # 1, or 0 for a feedforward controller
    input_size: int
    controller_size: int
    controller_layers: int
    memory_slots: int
    slot_width: int
    read_heads: int
    write_heads: int
    locates: int  # 1, or 0 for addressing by content alone
    shift_range: int
    sharpens_as_power: int  # 1, or 0 for sharpening in log space

    def state(self, batch: Count) -> list[Part]:
        carried = self.lstm * self.controller_layers * self.controller_size
        return [
            Part("hidden", (batch, carried)),
            Part("cell", (batch, carried)),
            Part("reads", (batch, self.read_heads, self.slot_width)),
            Part("weightings", (batch, self.read_heads + self.write_heads, self.locates * self.memory_slots)),
            Part("memory", (batch, self.memory_slots, self.slot_width)),
        ]


def _sizes(cell: NTMCell) -> _Sizes:
    width, heads = cell.slot_width, cell.read_heads + cell.write_heads
    # A head takes its key and strength, and for location two numbers and the shifts; a write head two more vectors.
    location = (cell.interface.out_features - 2 * cell.write_heads * width) // heads - width - 1
    return _Sizes(
        lstm=int(isinstance(cell.controller, LSTMController)),
        input_size=cell.input_size,
        controller_size=cell.controller_size,
        controller_layers=len(cell.controller.layers),
        memory_slots=cell.memory_slots,
        slot_width=width,
        read_heads=cell.read_heads,
        write_heads=cell.write_heads,
        locates=int(location > 0),
        shift_range=max(location - 2, 0) // 2,
        sharpens_as_power=int(location > 0 and cell.sharpening == "power"),
    )


class _Layout(NamedTuple):
    """Of a tape: what the steps leave for backward, or the scratch memory of a forward pass alone.

    There are steps + 1 moments, the last one with a state only; without backward two take turns.
    """

    group: int  # sequences that go through the controller together
    interval: int  # steps from one kept memory to the next
    controller: int  # bytes per group and moment
    addressing: int  # bytes per sequence and moment
    memory: int  # bytes per kept memory

    def size(self, steps: Any, batch: Any, keep_tape: bool) -> Any:
        """Return the bytes of the whole tape; symbolic where the counts are."""
        moments, memories = (steps + 1, steps // self.interval + 1) if keep_tape else (2, 1)
        groups = (batch + self.group - 1) // self.group
        return groups * moments * self.controller + batch * (moments * self.addressing + memories * self.memory)


NTM = Recurrence("ntm", _Sizes, _Layout)


def _forward(
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor,
    interface_weight: Tensor,
    interface_bias: Tensor,
    hidden: Tensor,
    cell: Tensor,
    reads: Tensor,
    weightings: Tensor,
    memory: Tensor,
    sizes: Sequence[int],
    clip: float,
    keep_tape: bool,
    keep_end: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return the outputs, the five tensors of the last state, empty if not kept, and the tape."""
    weights, start = [weight, bias, interface_weight, interface_bias], [hidden, cell, reads, weightings, memory]
    known = _Sizes(*sizes)
    check(inputs, start, known)
    # The operator's schema needs every part of the annotation spelled out.
    made = NTM.forward(inputs, weights, start, [len(memory)], known, clip, keep_tape, keep_end)
    return tuple(made)  # type: ignore[return-value]


_sequence = NTM.differentiable("ntm", _forward)
