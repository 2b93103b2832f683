"""The NTM over whole sequences in one native call: `ntm_sequence` equals `scan` over an `NTMCell`."""

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


_Count = int | torch.SymInt
"""Steps or sequences; symbolic while torch.compile traces."""


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

    @property
    def carried(self) -> int:
        """Units of the controller's state."""
        return self.lstm * self.controller_layers * self.controller_size

    @property
    def heads(self) -> int:
        return self.read_heads + self.write_heads


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


@functools.cache
def _library(sizes: _Sizes, clip: float) -> ctypes.CDLL:
    constants = {name.upper(): size for name, size in sizes._asdict().items()}
    return native_memory.declare(build.load("ntm.cpp", {**constants, "CLIP": clip}), "ntm_forward", "ntm_backward")


@functools.cache
def _layout(sizes: _Sizes, clip: float) -> _Layout:
    numbers = (ctypes.c_int * len(_Layout._fields))()
    _library(sizes, clip).ntm_layout(numbers)
    return _Layout(*numbers)


_STATE_NAMES = ("hidden", "cell", "reads", "weightings", "memory")


def _state_shapes(batch: _Count, sizes: _Sizes) -> list[tuple[_Count, ...]]:
    return [
        (batch, sizes.carried),
        (batch, sizes.carried),
        (batch, sizes.read_heads, sizes.slot_width),
        (batch, sizes.heads, sizes.locates * sizes.memory_slots),
        (batch, sizes.memory_slots, sizes.slot_width),
    ]


def _check(inputs: Tensor, start: Sequence[Tensor], sizes: _Sizes) -> None:
    batch = arguments.state_batch(inputs, start)
    expected = [(*inputs.shape[:2], sizes.input_size), *_state_shapes(batch, sizes)]
    arguments.check(("inputs", *_STATE_NAMES), [inputs, *start], expected)


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
    state, known = [hidden, cell, reads, weightings, memory], _Sizes(*sizes)
    _check(inputs, state, known)
    (steps, batch), library = inputs.shape[:2], _library(known, clip)
    outputs, *end = _empty_results(inputs, known, keep_end)
    tape = native_memory.tape(library, _layout(known, clip).size(steps, batch, keep_tape))
    weights = arguments.contiguous([weight, bias, interface_weight, interface_bias])
    start, inputs = arguments.contiguous(state), inputs.contiguous()
    lacking = library.ntm_forward(
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
    tape: Tensor,
    d_outputs: Tensor | None,
    d_hidden: Tensor | None,
    d_cell: Tensor | None,
    d_reads: Tensor | None,
    d_weightings: Tensor | None,
    d_memory: Tensor | None,
    steps: int,
    batch: int,
    state_batch: int,
    sizes: Sequence[int],
    clip: float,
    wanted: Sequence[bool],
) -> list[Tensor]:
    """Return the gradients of the weights, then those of the inputs and the start that are wanted, others empty."""
    made = _empty_gradients(weights, steps, batch, state_batch, _Sizes(*sizes), wanted)
    d_inputs, *d_start = arguments.wanted_tensors(made[4:], wanted)
    d_outputs, *d_end = arguments.contiguous([d_outputs, d_hidden, d_cell, d_reads, d_weightings, d_memory])
    taken = arguments.contiguous(weights)
    lacking = _library(_Sizes(*sizes), clip).ntm_backward(
        arguments.pointers(taken),
        arguments.pointer(tape),
        arguments.pointer(d_outputs),
        arguments.pointers(d_end),
        arguments.pointer(d_inputs),
        arguments.pointers(made[:4]),
        arguments.pointers(d_start),
        steps,
        batch,
        state_batch,
        torch.get_num_threads(),
    )
    native_memory.check(lacking)
    return made


def _backward_fake(weights: Sequence[Tensor], *rest: Any) -> list[Tensor]:
    *_, steps, batch, state_batch, sizes, _clip, wanted = rest
    return _empty_gradients(weights, steps, batch, state_batch, _Sizes(*sizes), wanted)


def _empty_gradients(
    weights: Sequence[Tensor],
    steps: _Count,
    batch: _Count,
    state_batch: _Count,
    sizes: _Sizes,
    wanted: Sequence[bool],
) -> list[Tensor]:
    optional = [(steps, batch, sizes.input_size), *_state_shapes(state_batch, sizes)]
    shapes = [*(tuple(weight.shape) for weight in weights), *arguments.wanted_shapes(optional, wanted)]
    return [weights[0].new_empty(shape) for shape in shapes]


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, ctx.sizes, ctx.clip, ctx.keep_tape, _keep_end = inputs
    ctx.counts = (*tensors[0].shape[:2], len(tensors[-1]))
    ctx.set_materialize_grads(False)
    ctx.mark_non_differentiable(output[-1])
    ctx.save_for_backward(*tensors[1:5], output[-1])


def _differentiate(
    backward: Callable[..., list[Tensor]], ctx: Any, *gradients: Tensor | None
) -> tuple[Tensor | None, ...]:
    *weights, tape = ctx.saved_tensors
    wanted = [ctx.needs_input_grad[0], *ctx.needs_input_grad[5:10]]
    made = backward(weights, tape, *gradients[:-1], *ctx.counts, ctx.sizes, ctx.clip, wanted)
    d_inputs, *d_start = arguments.wanted_tensors(made[4:], wanted)
    return d_inputs, *made[:4], *d_start, None, None, None, None


_sequence = operators.differentiable(
    "ntm",
    forward=_forward,
    forward_fake=_forward_fake,
    backward=_backward,
    backward_fake=_backward_fake,
    save=_save,
    differentiate=_differentiate,
)
