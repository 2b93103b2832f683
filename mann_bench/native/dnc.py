"""The DNC over whole sequences in one native call: `dnc_sequence` equals `scan` over a `DNCCell`."""

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.native import arguments, build, operators
from mann_bench.native import memory as native_memory
from mann_bench.native.arguments import tensors_of as _to_tensors
from mann_bench.native.arguments import weights_of as _weights
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


_STATE_NAMES = (
    "hidden",
    "cell",
    "reads",
    "read_weightings",
    "write_weighting",
    "usage",
    "precedence",
    "link",
    "memory",
)


def _state_shapes(batch: int | torch.SymInt, sizes: _Sizes) -> list[tuple[int | torch.SymInt, ...]]:
    slots, heads = sizes.memory_slots, sizes.read_heads
    return [
        (batch, sizes.controller_size),
        (batch, sizes.controller_size),
        (batch, heads, sizes.slot_width),
        (batch, heads, slots),
        (batch, slots),
        (batch, slots),
        (batch, slots),
        (batch, slots, slots),
        (batch, slots, sizes.slot_width),
    ]


class _Layout(NamedTuple):
    """Of a tape: what the steps leave for backward, or the scratch memory of a forward pass alone."""

    step: int  # bytes per sequence and moment
    scratch_moments: int  # without backward so many take turns; else there are steps + 1

    def size(self, steps: Any, batch: Any, keep_tape: bool) -> Any:
        """Return the bytes of the whole tape; symbolic where the counts are."""
        return batch * (steps + 1 if keep_tape else self.scratch_moments) * self.step


@functools.cache
def _library(sizes: _Sizes, clip: float) -> ctypes.CDLL:
    constants = {name.upper(): size for name, size in sizes._asdict().items()}
    return native_memory.declare(build.load("dnc.cpp", {**constants, "CLIP": clip}), "dnc_forward", "dnc_backward")


@functools.cache
def _layout(sizes: _Sizes, clip: float) -> _Layout:
    numbers = (ctypes.c_int * len(_Layout._fields))()
    _library(sizes, clip).dnc_layout(numbers)
    return _Layout(*numbers)


def _check(inputs: Tensor, start: Sequence[Tensor], sizes: _Sizes) -> None:
    batch = arguments.state_batch(inputs, start)
    expected = [(*inputs.shape[:2], sizes.input_size), *_state_shapes(batch, sizes)]
    arguments.check(("inputs", *_STATE_NAMES), [inputs, *start], expected)


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
    start = [hidden, cell, reads, read_weightings, write_weighting, usage, precedence, link, memory]
    known = _Sizes(*sizes)
    _check(inputs, start, known)
    (steps, batch), library = inputs.shape[:2], _library(known, clip)
    outputs, *end = _empty_results(inputs, known, keep_end)
    tape = native_memory.tape(library, _layout(known, clip).size(steps, batch, keep_tape))
    weights = arguments.contiguous([weight, bias, interface_weight, interface_bias])
    inputs, *start = [tensor.contiguous() for tensor in (inputs, *start)]
    lacking = library.dnc_forward(
        arguments.pointers(weights),
        arguments.pointer(inputs),
        arguments.pointers(start),
        len(memory),
        arguments.pointer(outputs),
        arguments.pointers(end if keep_end else [None] * len(end)),
        arguments.pointer(tape),
        steps,
        batch,
        keep_tape,
        torch.get_num_threads(),
    )
    native_memory.check(lacking)
    # The operator's schema needs every part of the annotation spelled out.
    return outputs, *end, tape if keep_tape else tape.new_empty(0)  # type: ignore[return-value]


def _forward_fake(inputs: Tensor, *rest: Any) -> Any:
    *_, sizes, clip, keep_tape, keep_end = rest
    known, (steps, batch) = _Sizes(*sizes), inputs.shape[:2]
    size = _layout(known, clip).size(steps, batch, keep_tape) if keep_tape else 0
    return *_empty_results(inputs, known, keep_end), inputs.new_empty(size, dtype=torch.uint8)


def _empty_results(inputs: Tensor, sizes: _Sizes, keep_end: bool) -> list[Tensor]:
    steps, batch = inputs.shape[:2]
    outputs = (steps, batch, sizes.controller_size + sizes.read_heads * sizes.slot_width)
    end = arguments.wanted_shapes(_state_shapes(batch, sizes), [keep_end] * len(_STATE_NAMES))
    return [inputs.new_empty(shape) for shape in [outputs, *end]]


def _backward(
    weights: Sequence[Tensor],
    link: Tensor,
    memory: Tensor,
    tape: Tensor,
    d_outputs: Tensor | None,
    d_hidden: Tensor | None,
    d_cell: Tensor | None,
    d_reads: Tensor | None,
    d_read_weightings: Tensor | None,
    d_write_weighting: Tensor | None,
    d_usage: Tensor | None,
    d_precedence: Tensor | None,
    d_link: Tensor | None,
    d_memory: Tensor | None,
    steps: int,
    batch: int,
    sizes: Sequence[int],
    clip: float,
    wanted: Sequence[bool],
) -> list[Tensor]:
    """Return the gradients of the weights, then those of the inputs and the start that are wanted, others empty."""
    d_end = [d_hidden, d_cell, d_reads, d_read_weightings, d_write_weighting, d_usage, d_precedence, d_link, d_memory]
    made = _empty_gradients(weights, steps, batch, _Sizes(*sizes), wanted)
    d_inputs, *d_start = arguments.wanted_tensors(made[4:], wanted)
    weights = [tensor.contiguous() for tensor in weights]
    link, memory = link.contiguous(), memory.contiguous()
    start = [*[None] * (len(_STATE_NAMES) - 2), link, memory]
    d_outputs, *d_end = arguments.contiguous([d_outputs, *d_end])
    lacking = _library(_Sizes(*sizes), clip).dnc_backward(
        arguments.pointers(weights),
        arguments.pointers(start),
        len(memory),
        arguments.pointer(tape),
        arguments.pointer(d_outputs),
        arguments.pointers(d_end),
        arguments.pointer(d_inputs),
        arguments.pointers(made[:4]),
        arguments.pointers(d_start),
        steps,
        batch,
        torch.get_num_threads(),
    )
    native_memory.check(lacking)
    return made


def _backward_fake(weights: Sequence[Tensor], *rest: Any) -> list[Tensor]:
    *_, steps, batch, sizes, _clip, wanted = rest
    return _empty_gradients(weights, steps, batch, _Sizes(*sizes), wanted)


def _empty_gradients(
    weights: Sequence[Tensor], steps: int, batch: int, sizes: _Sizes, wanted: Sequence[bool]
) -> list[Tensor]:
    optional = [(steps, batch, sizes.input_size), *_state_shapes(batch, sizes)]
    shapes = [*(tensor.shape for tensor in weights), *arguments.wanted_shapes(optional, wanted)]
    return [weights[0].new_empty(shape) for shape in shapes]


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, ctx.sizes, ctx.clip, ctx.keep_tape, _keep_end = inputs
    ctx.steps, ctx.batch = tensors[0].shape[:2]
    ctx.set_materialize_grads(False)
    tape = output[-1]
    ctx.mark_non_differentiable(tape)
    ctx.save_for_backward(*tensors[1:5], *tensors[-2:], tape)


def _differentiate(
    backward: Callable[..., list[Tensor]], ctx: Any, *gradients: Tensor | None
) -> tuple[Tensor | None, ...]:
    *weights, link, memory, tape = ctx.saved_tensors
    wanted = [ctx.needs_input_grad[0], *ctx.needs_input_grad[5:14]]
    constants = (ctx.steps, ctx.batch, ctx.sizes, ctx.clip)
    made = backward(weights, link, memory, tape, *gradients[:-1], *constants, wanted)
    d_inputs, *d_start = arguments.wanted_tensors(made[4:], wanted)
    return d_inputs, *made[:4], *d_start, None, None, None, None


_sequence = operators.differentiable(
    "dnc",
    forward=_forward,
    forward_fake=_forward_fake,
    backward=_backward,
    backward_fake=_backward_fake,
    save=_save,
    differentiate=_differentiate,
)
