"""The SAM over whole sequences in one native call: `sam_sequence` equals `scan` over a `SAMCell`."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mann_bench.native import arguments, sparse
from mann_bench.native.sparse import SPARSE, Sizes
from mann_bench.nn.controller import LSTMState
from mann_bench.nn.sam import SAMCell, SAMState
from mann_bench.nn.sparse import SparseWeighting


def problem_of(cell: SAMCell) -> str | None:
    """Return why the native recurrence cannot take the place of `cell`; None where it can."""
    return arguments.problem_of_cell(cell, SAMCell)


def sam_sequence(
    cell: SAMCell, inputs: Float[Tensor, "T B I"], state: SAMState
) -> tuple[Float[Tensor, "T B F"], SAMState]:
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


def sam_outputs(cell: SAMCell, inputs: Float[Tensor, "T B I"], state: SAMState) -> Float[Tensor, "T B F"]:
    """Return the outputs of `sam_sequence`, without the work of handing over the last state."""
    return sparse.run(_sequence, cell, _sizes(cell), inputs, state, keep_end=False)[0]


def _to_state(tensors: Sequence[Tensor]) -> SAMState:
    hidden, cell, reads, slots, weights, age, memory = tensors
    return SAMState((LSTMState(hidden, cell),), reads, SparseWeighting(slots, weights), age, memory)


def _sizes(cell: SAMCell) -> Sizes:
    return Sizes(
        cell.input_size,
        cell.controller_size,
        cell.memory_slots,
        cell.slot_width,
        cell.read_heads,
        cell.neighbours,
        links=0,
    )


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
    memory: Tensor,
    buckets: Tensor,
    sizes: Sequence[int],
    clip: float,
    keep_tape: bool,
    keep_end: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return the outputs, the seven tensors of the last state, empty if not kept, and the tape."""
    weights = [weight, bias, interface_weight, interface_bias]
    start = [hidden, cell, reads, read_slots, read_weights, age, memory]
    made = sparse.forward(inputs, weights, start, buckets, Sizes(*sizes), clip, keep_tape, keep_end)
    return tuple(made)  # type: ignore[return-value]


_sequence = SPARSE.differentiable("sam", _forward)
