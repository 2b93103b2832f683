"""How the native recurrences of sparse memories are differentiated: all but the order of their tensors is the same."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from mann_bench.native import arguments, operators, sparse, sparse_buckets
from mann_bench.native.sparse import Sizes
from mann_bench.nn.sam import SAMCell, SAMState
from mann_bench.nn.sdnc import SDNCCell, SDNCState

_LINKS = slice(6, -1)
"""Where a state holds its links, which get no gradient; a SAM's has none."""


def differentiable(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
    """Return the operator of a recurrence, as `operators.differentiable` does.

    Args:
        name: of the recurrence.
        forward: takes inputs, the four weights, the tensors of the first state in the order of `sparse.names_of`,
            buckets, sizes, clip, keep_tape and keep_end; returns the outputs, the last state and the tape.
    """
    return operators.differentiable(
        name,
        forward=forward,
        forward_fake=_forward_fake,
        backward=_backward,
        backward_fake=_backward_fake,
        save=_save,
        differentiate=_differentiate,
    )


def run(
    sequence: Callable[..., Any],
    cell: SAMCell | SDNCCell,
    sizes: Sizes,
    inputs: Tensor,
    state: SAMState | SDNCState,
    keep_end: bool,
) -> tuple[Tensor, ...]:
    """Call the operator of a recurrence with what a cell holds; return outputs and the tensors of the last state."""
    start = arguments.tensors_of(state)
    buckets = sparse_buckets.packed(cell.memory_start, start[-1], sizes, cell.clip or 0.0)
    given = [inputs, *arguments.weights_of(cell), *start, buckets]
    return operators.run(sequence, given, sizes, cell.clip, keep_end)


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
    given = {"hidden": d_hidden, "cell": d_cell, "reads": d_reads, "read weights": d_read_weights, "memory": d_memory}
    known = Sizes(*sizes)
    d_end = [given.get(name) for name in sparse.names_of(known)]
    return sparse.backward(weights, tape, d_outputs, d_end, counts, known, clip, wanted)


def _backward_fake(weights: Sequence[Tensor], *rest: Any) -> list[Tensor]:
    *_, counts, sizes, _clip, wanted = rest
    return sparse.empty_gradients(weights, counts, Sizes(*sizes), wanted)


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, _buckets, ctx.sizes, ctx.clip, ctx.keep_tape, _keep_end = inputs
    ctx.counts = (*tensors[0].shape[:2], len(tensors[-1]))
    ctx.set_materialize_grads(False)
    ctx.mark_non_differentiable(output[4], *output[6:-2], output[-1])  # slots, ages, links and the tape
    ctx.save_for_backward(*tensors[1:5], output[-1])


def _differentiate(
    backward: Callable[..., list[Tensor]], ctx: Any, *gradients: Tensor | None
) -> tuple[Tensor | None, ...]:
    *weights, tape = ctx.saved_tensors
    d_outputs, d_hidden, d_cell, d_reads, _slots, d_read_weights, *_rest, d_memory, _tape = gradients
    needs_input, _, _, _, _, *needs_start = ctx.needs_input_grad[:-5]
    needs_start[_LINKS] = [False] * len(needs_start[_LINKS])
    wanted = [needs_input, *needs_start]
    d_end = d_hidden, d_cell, d_reads, d_read_weights, d_memory
    made = backward(weights, tape, d_outputs, *d_end, ctx.counts, ctx.sizes, ctx.clip, wanted)
    d_inputs, *d_start = arguments.wanted_tensors(made[4:], wanted)
    return d_inputs, *made[:4], *d_start, None, None, None, None, None
