"""The SDNC over whole sequences in one native call: `sdnc_sequence` equals `scan` over a `SDNCCell`."""

from collections.abc import Callable, Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from mann_bench.native import arguments, operators, sparse
from mann_bench.native.sparse import Sizes
from mann_bench.nn.controller import LSTMController, LSTMState
from mann_bench.nn.sdnc import SDNCCell, SDNCState
from mann_bench.nn.sparse import SparseWeighting
from mann_bench.nn.sparse_links import Links


def problem_of(cell: SDNCCell) -> str | None:
    """Return why the native recurrence cannot take the place of `cell`; None where it can."""
    if type(cell) is not SDNCCell or type(cell.controller) is not LSTMController or len(cell.controller.layers) != 1:
        return "only SDNCCell with an LSTMController of one layer has a native recurrence"
    return arguments.problem_of(cell.interface.weight)


def sdnc_sequence(
    cell: SDNCCell, inputs: Float[Tensor, "T B I"], state: SDNCState
) -> tuple[Float[Tensor, "T B F"], SDNCState]:
    """Run `cell` over time in one call, which differentiates like the cell itself.

    Args:
        cell: one that `problem_of` returns None for.
        inputs: [T, B, I], of one step or more.
        state: the state before the first step; that of one sequence stands for the same before every sequence.

    Returns:
        The outputs of all steps, [T, B, output_size], and the last state.

    Raises:
        NativeBuildError: where the recurrence cannot be compiled.
        ValueError: where inputs or state do not fit the cell, or are not of its precision on the CPU.
    """
    outputs, *end = _run(cell, inputs, state, keep_end=True)
    return outputs, _to_state(end)


def sdnc_outputs(cell: SDNCCell, inputs: Float[Tensor, "T B I"], state: SDNCState) -> Float[Tensor, "T B F"]:
    """Return the outputs of `sdnc_sequence`, without the work of handing over the last state."""
    return _run(cell, inputs, state, keep_end=False)[0]


def _run(cell: SDNCCell, inputs: Tensor, state: SDNCState, keep_end: bool) -> tuple[Tensor, ...]:
    given = [inputs, *arguments.weights_of(cell), *arguments.tensors_of(state)]
    return operators.run(_sequence, given, _sizes(cell), cell.clip, keep_end)


def _to_state(tensors: Sequence[Tensor]) -> SDNCState:
    hidden, cell, reads, slots, weights, age, *links, memory = tensors
    of_slots = map(SparseWeighting, links[::2], links[1::2])
    return SDNCState((LSTMState(hidden, cell),), reads, SparseWeighting(slots, weights), age, Links(*of_slots), memory)


def _sizes(cell: SDNCCell) -> Sizes:
    return Sizes(
        cell.input_size,
        cell.controller_size,
        cell.memory_slots,
        cell.slot_width,
        cell.read_heads,
        cell.neighbours,
        cell.links,
    )


_T = Tensor
_Results = tuple[_T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T]
"""Outputs, the thirteen tensors of the last state, empty if not kept, and the tape."""


def _forward(
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor,
    interface_weight: Tensor,
    interface_bias: Tensor,
    hidden: Tensor,
    cell: Tensor,
    reads: Tensor,
    read_slots: Tensor,
    read_weights: Tensor,
    age: Tensor,
    predecessors: Tensor,
    predecessor_weights: Tensor,
    successors: Tensor,
    successor_weights: Tensor,
    precedence: Tensor,
    precedence_weights: Tensor,
    memory: Tensor,
    sizes: Sequence[int],
    clip: float,
    keep_tape: bool,
    keep_end: bool,
) -> _Results:
    weights = [weight, bias, interface_weight, interface_bias]
    links = [predecessors, predecessor_weights, successors, successor_weights, precedence, precedence_weights]
    start = [hidden, cell, reads, read_slots, read_weights, age, *links, memory]
    made = sparse.forward(inputs, weights, start, Sizes(*sizes), clip, keep_tape, keep_end)
    return tuple(made)  # type: ignore[return-value]


def _forward_fake(inputs: Tensor, *rest: Any) -> Any:
    *_, sizes, clip, keep_tape, keep_end = rest
    return tuple(sparse.forward_fake(inputs, Sizes(*sizes), clip, keep_tape, keep_end))


def _backward(
    weights: Sequence[Tensor],
    tape: Tensor,
    d_outputs: Tensor | None,
    d_hidden: Tensor | None,
    d_cell: Tensor | None,
    d_reads: Tensor | None,
    d_read_weights: Tensor | None,
    d_memory: Tensor | None,
    counts: Sequence[int],
    sizes: Sequence[int],
    clip: float,
    wanted: Sequence[bool],
) -> list[Tensor]:
    """Return the gradients of the weights, then those of the inputs and the start that are wanted, others empty."""
    d_end = [d_hidden, d_cell, d_reads, None, d_read_weights, *[None] * 7, d_memory]
    return sparse.backward(weights, tape, d_outputs, d_end, counts, Sizes(*sizes), clip, wanted)


def _backward_fake(weights: Sequence[Tensor], *rest: Any) -> list[Tensor]:
    *_, counts, sizes, _clip, wanted = rest
    return sparse.empty_gradients(weights, counts, Sizes(*sizes), wanted)


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, ctx.sizes, ctx.clip, ctx.keep_tape, _keep_end = inputs
    ctx.counts = (*tensors[0].shape[:2], len(tensors[-1]))
    ctx.set_materialize_grads(False)
    ctx.mark_non_differentiable(output[4], *output[6:13], output[-1])  # slots, ages, links and the tape
    ctx.save_for_backward(*tensors[1:5], output[-1])


def _differentiate(
    backward: Callable[..., list[Tensor]], ctx: Any, *gradients: Tensor | None
) -> tuple[Tensor | None, ...]:
    if not ctx.keep_tape:
        raise RuntimeError("sdnc_forward kept nothing to differentiate with; call it with keep_tape=True")
    *weights, tape = ctx.saved_tensors
    d_outputs, d_hidden, d_cell, d_reads, _slots, d_read_weights, *_rest, d_memory, _tape = gradients
    needed = ctx.needs_input_grad
    wanted = [needed[0], *needed[5:11], *[False] * 6, needed[17]]
    d_end = d_hidden, d_cell, d_reads, d_read_weights, d_memory
    made = backward(weights, tape, d_outputs, *d_end, ctx.counts, ctx.sizes, ctx.clip, wanted)
    optional = [tensor if is_wanted else None for tensor, is_wanted in zip(made[4:], wanted, strict=True)]
    return optional[0], *made[:4], *optional[1:], None, None, None, None


_sequence = operators.differentiable(
    "sdnc",
    forward=_forward,
    forward_fake=_forward_fake,
    backward=_backward,
    backward_fake=_backward_fake,
    save=_save,
    differentiate=_differentiate,
)
