"""The DNC over whole sequences in one native call: `dnc_sequence` equals `scan` over a `DNCCell`."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor

from mann_bench.native import arguments, operators
from mann_bench.native.arguments import tensors_of as _to_tensors
from mann_bench.native.arguments import weights_of as _weights
from mann_bench.native.recurrence import Count, Part, Recurrence, check
from mann_bench.nn.controller import LSTMState
from mann_bench.nn.dnc import DNCCell, DNCState


def problem_of(cell: DNCCell) -> str | None:
    """Return why the native recurrence cannot take the place of `cell`; None where it can."""
    return arguments.problem_of_cell(cell, DNCCell)


def dnc_sequence(
    cell: DNCCell, inputs: Float[Tensor, "T B I"], state: DNCState
) -> tuple[Float[Tensor, "T B F"], DNCState]:
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
    return outputs, _to_state(end)


def dnc_outputs(cell: DNCCell, inputs: Float[Tensor, "T B I"], state: DNCState) -> Float[Tensor, "T B F"]:
    """Return the outputs of `dnc_sequence`, without the work of handing over the last state."""
    return _run(cell, inputs, state, keep_end=False)[0]


def _run(cell: DNCCell, inputs: Tensor, state: DNCState, keep_end: bool) -> tuple[Tensor, ...]:
    start = _to_tensors(state)
    if any(tensor.requires_grad for tensor in start):  # those of one sequence are sums over all, which torch makes
        start = [tensor.expand(inputs.shape[1], *tensor.shape[1:]) if len(tensor) == 1 else tensor for tensor in start]
    return operators.run(_sequence, [inputs, *_weights(cell), *start], _sizes(cell), cell.clip, keep_end)


def _to_state(tensors: Sequence[Tensor]) -> DNCState:
    return DNCState((LSTMState(*tensors[:2]),), *tensors[2:])


class _Sizes(NamedTuple):
    """What the source is compiled for, besides the clip; the names in capitals are its constants."""

    input_size: int
    controller_size: int
    memory_slots: int
    slot_width: int
    read_heads: int
    masked: int  # switches, 0 or 1
    deallocation: int
    sharpened: int

    def state(self, batch: Count) -> list[Part]:
        slots, heads = self.memory_slots, self.read_heads
        return [
            Part("hidden", (batch, self.controller_size)),
            Part("cell", (batch, self.controller_size)),
            Part("reads", (batch, heads, self.slot_width)),
            Part("read_weightings", (batch, heads, slots)),
            Part("write_weighting", (batch, slots)),
            Part("usage", (batch, slots)),
            Part("precedence", (batch, slots)),
            Part("link", (batch, slots, slots)),
            Part("memory", (batch, slots, self.slot_width)),
        ]


def _sizes(cell: DNCCell) -> _Sizes:
    return _Sizes(
        input_size=cell.input_size,
        controller_size=cell.controller_size,
        memory_slots=cell.memory_slots,
        slot_width=cell.slot_width,
        read_heads=cell.read_heads,
        masked=int(cell.masked),
        deallocation=int(cell.deallocation),
        sharpened=int(cell.sharpened),
    )


class _Layout(NamedTuple):
    """Of a tape: what the steps leave for backward, or the scratch memory of a forward pass alone."""

    step: int  # bytes per sequence and moment
    scratch_moments: int  # without backward so many take turns; else there are steps + 1

    def size(self, steps: Any, batch: Any, keep_tape: bool) -> Any:
        """Return the bytes of the whole tape; symbolic where the counts are."""
        return batch * (steps + 1 if keep_tape else self.scratch_moments) * self.step


DNC = Recurrence("dnc", _Sizes, _Layout, kept=2)

_Results = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
"""Outputs, the nine tensors of the last state, empty if not kept, and the tape."""


def _forward(
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor,
    interface_weight: Tensor,
    interface_bias: Tensor,
    hidden: Tensor,
    cell: Tensor,
    reads: Tensor,
    read_weightings: Tensor,
    write_weighting: Tensor,
    usage: Tensor,
    precedence: Tensor,
    link: Tensor,
    memory: Tensor,
    sizes: Sequence[int],
    clip: float,
    keep_tape: bool,
    keep_end: bool,
) -> _Results:
    weights = [weight, bias, interface_weight, interface_bias]
    start = [hidden, cell, reads, read_weightings, write_weighting, usage, precedence, link, memory]
    known = _Sizes(*sizes)
    check(inputs, start, known)
    # The operator's schema needs every part of the annotation spelled out.
    made = DNC.forward(inputs, weights, start, [len(memory)], known, clip, keep_tape, keep_end)
    return tuple(made)  # type: ignore[return-value]


_sequence = DNC.differentiable("dnc", _forward)
