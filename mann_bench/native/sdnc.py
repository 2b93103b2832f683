"""The SDNC over whole sequences in one native call: `sdnc_sequence` equals `scan` over a `SDNCCell`."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mann_bench.native import arguments, sparse
from mann_bench.native.sparse import SPARSE, Sizes
from mann_bench.nn.controller import LSTMState
from mann_bench.nn.sdnc import SDNCCell, SDNCState
from mann_bench.nn.sparse import SparseWeighting
from mann_bench.nn.sparse_links import Links


def problem_of(cell: SDNCCell) -> str | None:
    """Return why the native recurrence cannot take the place of `cell`; None where it can."""
    return arguments.problem_of_cell(cell, SDNCCell)


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
    outputs, *end = sparse.run(_sequence, cell, _sizes(cell), inputs, state, keep_end=True)
    return outputs, _to_state(end)


def sdnc_outputs(cell: SDNCCell, inputs: Float[Tensor, "T B I"], state: SDNCState) -> Float[Tensor, "T B F"]:
    """Return the outputs of `sdnc_sequence`, without the work of handing over the last state."""
    return sparse.run(_sequence, cell, _sizes(cell), inputs, state, keep_end=False)[0]


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
    buckets: Tensor,
    sizes: Sequence[int],
    clip: float,
    keep_tape: bool,
    keep_end: bool,
) -> _Results:
    weights = [weight, bias, interface_weight, interface_bias]
    links = [predecessors, predecessor_weights, successors, successor_weights, precedence, precedence_weights]
    start = [hidden, cell, reads, read_slots, read_weights, age, *links, memory]
    made = sparse.forward(inputs, weights, start, buckets, Sizes(*sizes), clip, keep_tape, keep_end)
    return tuple(made)  # type: ignore[return-value]


_sequence = SPARSE.differentiable("sdnc", _forward)
