"""The DNC over whole sequences in one native call: `dnc_sequence` equals `scan` over a `DNCCell`."""

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.native import arguments, build, operators
from mann_bench.native.arguments import tensors_of as _to_tensors
from mann_bench.native.arguments import weights_of as _weights
from mann_bench.nn.controller import LSTMController, LSTMState
from mann_bench.nn.dnc import DNCCell, DNCState


def problem_of(cell: DNCCell) -> str | None:
    """Return why the native recurrence cannot take the place of `cell`; None where it can."""
    if type(cell) is not DNCCell or type(cell.controller) is not LSTMController or len(cell.controller.layers) != 1:
        return "only DNCCell with an LSTMController of one layer has a native recurrence"
    if switches := [name for name in ("masked", "deallocation", "sharpened") if getattr(cell, name)]:
        return f"the native recurrence has no {' and no '.join(switches)} option"
    return arguments.problem_of(cell.interface.weight)


def dnc_sequence(
    cell: DNCCell, inputs: Float[Tensor, "T B I"], state: DNCState
) -> tuple[Float[Tensor, "T B F"], DNCState]:
    """Run `cell` over time in one call, which differentiates like the cell itself.

    Args:
        cell: one that `problem_of` returns None for.
        inputs: [T, B, I], of one step or more.
        state: the state before the first step.

    Returns:
        The outputs of all steps, [T, B, output_size], and the last state.

    Raises:
        NativeBuildError: where the recurrence cannot be compiled.
        ValueError: where inputs or state do not fit the cell, or are not float32 on the CPU.
    """
    given = [inputs, *_weights(cell), *_to_tensors(state)]
    outputs, *end = operators.run(_sequence, given, _sizes(cell), cell.clip)
    return outputs, _to_state(end)


def _to_state(tensors: Sequence[Tensor]) -> DNCState:
    return DNCState((LSTMState(*tensors[:2]),), *tensors[2:])


class _Sizes(NamedTuple):
    """What the source is compiled for, besides the clip; the names in capitals are its constants."""

    input_size: int
    controller_size: int
    memory_slots: int
    slot_width: int
    read_heads: int


def _sizes(cell: DNCCell) -> _Sizes:
    seen = _weights(cell)[0].shape[1]  # by the controller: input, reads and its own hidden activation
    return _Sizes(
        input_size=seen - cell.read_heads * cell.slot_width - cell.controller_size,
        controller_size=cell.controller_size,
        memory_slots=cell.memory_slots,
        slot_width=cell.slot_width,
        read_heads=cell.read_heads,
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


def _state_shapes(sizes: _Sizes, batch: int | torch.SymInt) -> list[tuple[int | torch.SymInt, ...]]:
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


class _Kernel(NamedTuple):
    library: ctypes.CDLL
    step_floats: int
    """What a sequence leaves on the tape at each moment, before every step and after the last."""


@functools.cache
def _kernel(sizes: _Sizes, clip: float) -> _Kernel:
    constants = {name.upper(): size for name, size in sizes._asdict().items()}
    library = build.load("dnc.cpp", {**constants, "CLIP": clip})
    return _Kernel(library, library.dnc_step_floats())


def _check(inputs: Tensor, start: Sequence[Tensor], sizes: _Sizes) -> None:
    expected = [(*inputs.shape[:2], sizes.input_size), *_state_shapes(sizes, inputs.shape[1])]
    arguments.check(("inputs", *_STATE_NAMES), [inputs, *start], expected)


_Results = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
"""Outputs, the nine tensors of the last state, and the tape."""


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
) -> _Results:
    start = [hidden, cell, reads, read_weightings, write_weighting, usage, precedence, link, memory]
    _check(inputs, start, _Sizes(*sizes))
    made: _Results = _empty_results(inputs, sizes, clip, keep_tape)
    outputs, *end, tape = made
    weights = arguments.contiguous([weight, bias, interface_weight, interface_bias])
    inputs, *start = [tensor.contiguous() for tensor in (inputs, *start)]
    _kernel(_Sizes(*sizes), clip).library.dnc_forward(
        arguments.pointers(weights),
        arguments.pointer(inputs),
        arguments.pointers(start),
        arguments.pointer(outputs),
        arguments.pointers(end),
        arguments.pointer(tape),
        *inputs.shape[:2],
        keep_tape,
        torch.get_num_threads(),
    )
    return made


def _empty_results(inputs: Tensor, *rest: Any) -> _Results:
    *_, sizes, clip, keep_tape = rest
    known = _Sizes(*sizes)
    steps, batch = inputs.shape[:2]
    output_size = known.controller_size + known.read_heads * known.slot_width
    tape = (batch, steps + 1 if keep_tape else 2, _kernel(known, clip).step_floats)
    shapes = [(steps, batch, output_size), *_state_shapes(known, batch), tape]
    return tuple(inputs.new_empty(shape) for shape in shapes)  # type: ignore[return-value]


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
    sizes: Sequence[int],
    clip: float,
    wanted: Sequence[bool],
) -> list[Tensor]:
    """Return the gradients of the weights, then those of the inputs and the start that are wanted, others empty."""
    d_end = [d_hidden, d_cell, d_reads, d_read_weightings, d_write_weighting, d_usage, d_precedence, d_link, d_memory]
    made: list[Tensor] = _empty_gradients(weights, link, memory, tape, sizes, clip, wanted)
    d_weights, optional = made[: len(weights)], made[len(weights) :]
    d_inputs, *d_start = [tensor if is_wanted else None for tensor, is_wanted in zip(optional, wanted, strict=True)]
    weights = [tensor.contiguous() for tensor in weights]
    link, memory = link.contiguous(), memory.contiguous()
    start = [*[None] * (len(_STATE_NAMES) - 2), link, memory]
    d_outputs, *d_end = arguments.contiguous([d_outputs, *d_end])
    _kernel(_Sizes(*sizes), clip).library.dnc_backward(
        arguments.pointers(weights),
        arguments.pointers(start),
        arguments.pointer(tape),
        arguments.pointer(d_outputs),
        arguments.pointers(d_end),
        arguments.pointer(d_inputs),
        arguments.pointers(d_weights),
        arguments.pointers(d_start),
        tape.shape[1] - 1,
        tape.shape[0],
        torch.get_num_threads(),
    )
    return made


def _empty_gradients(weights: Sequence[Tensor], link: Tensor, memory: Tensor, tape: Tensor, *rest: Any) -> list[Tensor]:
    *_, sizes, _clip, wanted = rest
    known = _Sizes(*sizes)
    batch, moments, _ = tape.shape
    optional = [(moments - 1, batch, known.input_size), *_state_shapes(known, batch)]
    shapes = [
        *(tensor.shape for tensor in weights),
        *(shape if is_wanted else (0,) for shape, is_wanted in zip(optional, wanted, strict=True)),
    ]
    return [tape.new_empty(shape) for shape in shapes]


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, ctx.sizes, ctx.clip, ctx.keep_tape = inputs
    ctx.set_materialize_grads(False)
    tape = output[-1]
    ctx.mark_non_differentiable(tape)
    ctx.save_for_backward(*tensors[1:5], *tensors[-2:], tape)


def _differentiate(
    backward: Callable[..., list[Tensor]], ctx: Any, *gradients: Tensor | None
) -> tuple[Tensor | None, ...]:
    if not ctx.keep_tape:
        raise RuntimeError("dnc_forward kept nothing to differentiate with; call it with keep_tape=True")
    *weights, link, memory, tape = ctx.saved_tensors
    wanted = [ctx.needs_input_grad[0], *ctx.needs_input_grad[5:14]]
    made = backward(weights, link, memory, tape, *gradients[:-1], ctx.sizes, ctx.clip, wanted)
    optional = [tensor if is_wanted else None for tensor, is_wanted in zip(made[4:], wanted, strict=True)]
    return optional[0], *made[:4], *optional[1:], None, None, None


_sequence = operators.differentiable(
    "dnc",
    forward=_forward,
    forward_fake=_empty_results,
    backward=_backward,
    backward_fake=_empty_gradients,
    save=_save,
    differentiate=_differentiate,
)
