"""Sparse Access Memory, for the suite."""

from jaxtyping import Float, Int
from torch import Tensor

from mann_bench.models.base import Observation
from mann_bench.models.cell_model import CellModel, NativeTwin
from mann_bench.native.sam import problem_of, sam_outputs
from mann_bench.nn import sparse
from mann_bench.nn.memory_start import Index
from mann_bench.nn.ntm import MemoryInit
from mann_bench.nn.sam import SAMCell, SAMState
from mann_bench.nn.sparse import SparseWeighting


class SAMModel(CellModel):
    """A SAM (`mann_bench.nn.SAMCell`) under a linear map to the logits, clipped to [-clip, clip].

    Args:
        input_size: channels of the task's inputs, I.
        output_size: channels of the logits, O.
        controller_size: units of the LSTM controller, 1 or more; Rae et al. 2016 use 100.
        memory_slots: rows of the memory, N, 2 or more. What is kept for backward does not grow with them. Nor does
            the time of a step on the native backend where the memory starts ``constant``; otherwise the search does.
            The paper uses up to two million.
        slot_width: numbers in a row, W, 1 or more; the paper uses 32 where it measures speed.
        read_heads: heads, each of which reads and writes in a step, from 1 to `memory_slots`; the paper uses 4.
        neighbours: slots that a head reads in a step, K, from 2 to `memory_slots`: one would have the weight one
            whatever the key was, and keys would not be trained. The paper uses 4, and finds no difference
            with 8 and 16.
        memory_init: where the memory of every sequence starts. ``constant``: 1e-6 in every cell; ``learned``: tanh of
            a vector that starts Glorot-uniform and is trained; ``random``: tanh of a matrix that is drawn from
            N(0, 0.5) and not trained.
        index: how the slots most like a key are searched for. ``exact``: among all. ``approximate``: among those that
            differ from the start, and of the others among a few in a hundred, which find about four in ten of the
            true neighbours there; for a memory that starts ``random``, and pays from some 8,000 slots on. One that
            starts ``constant`` is searched exactly either way, and ``learned`` needs ``exact``.
        clip: bound of what the heads are told and of the logits, above 0; none for unbounded.
    """

    sparse = True
    native_twin = NativeTwin(problem_of, sam_outputs)
    cell: SAMCell

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        controller_size: int = 100,
        memory_slots: int = 128,
        slot_width: int = 20,
        read_heads: int = 4,
        neighbours: int = 4,
        memory_init: MemoryInit = "constant",
        index: Index = "exact",
        clip: float | None = 20.0,
    ) -> None:
        require_trained_keys(neighbours)
        cell = SAMCell(
            input_size,
            controller_size,
            memory_slots=memory_slots,
            slot_width=slot_width,
            read_heads=read_heads,
            neighbours=neighbours,
            memory_init=memory_init,
            index=index,
            clip=clip,
        )
        super().__init__(input_size, output_size, cell, clip)

    def observe(
        self, inputs: Float[Tensor, "B I"], state: SAMState
    ) -> tuple[Float[Tensor, "B O"], SAMState, Observation]:
        """Do a step and tell where the heads were and how they got there."""
        output, after, told, written = self.cell.observe(inputs, state)
        gates = {
            "key_strength": told.key_strength,
            "write_gate": told.write_gate,
            "interpolation_gate": told.interpolation_gate,
            "read_age": read_age(state.age, written, after.read_weighting),
        }
        return self.logits(output), after, Observation(after.read_weighting, written, after.memory, gates)


def require_trained_keys(neighbours: int) -> None:
    """Raise ValueError where a head reads too few slots for its keys to have a gradient."""
    if neighbours < 2:
        reason = "a single slot is read whole whatever the key was, so keys are not trained"
        raise ValueError(f"neighbours must be at least 2, not {neighbours}: {reason}")


def read_age(age: Int[Tensor, "B N"], written: SparseWeighting, visited: SparseWeighting) -> Float[Tensor, "B H"]:
    """Return how many steps ago each head's slots were last accessed, in the mean by its weights.

    Args:
        age: of all slots, before the step.
        written: where the step writes; a slot that it writes and then reads has the age 0.
        visited: where each head reads.
    """
    since = sparse.aged(age, written).gather(-1, visited.slots.flatten(1)).view_as(visited.slots)
    return (visited.weights * since).sum(-1) / visited.weights.sum(-1).clamp_min(sparse.ACCESS_THRESHOLD)
