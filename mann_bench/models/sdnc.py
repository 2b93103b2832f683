"""The sparse Differentiable Neural Computer, for the suite."""

from jaxtyping import Float
from torch import Tensor

from mann_bench.models.base import Observation
from mann_bench.models.cell_model import CellModel, NativeTwin
from mann_bench.models.sam import read_age, require_trained_keys
from mann_bench.native.sdnc import problem_of, sdnc_outputs
from mann_bench.nn.memory_start import Index
from mann_bench.nn.ntm import MemoryInit
from mann_bench.nn.sdnc import SDNCCell, SDNCState


class SDNCModel(CellModel):
    """An SDNC (`mann_bench.nn.SDNCCell`) under a linear map to the logits, clipped to [-clip, clip].

    Args:
        input_size: channels of the task's inputs, I.
        output_size: channels of the logits, O.
        controller_size: units of the LSTM controller, 1 or more; Rae et al. 2016 use 100.
        memory_slots: rows of the memory, N, 2 or more. What is kept for backward does not grow with them. Nor does
            the time of a step on the native backend where the memory starts ``constant``; otherwise the search does.
            The paper uses up to two million.
        slot_width: numbers in a row, W, 1 or more; the paper uses 32 where it measures speed.
        read_heads: heads that read the memory in a step, 1 or more; the paper uses 4. One head writes it.
        neighbours: slots that a head reads in a step, K, from 2 to `memory_slots`: one would have the weight one
            whatever the key was, and keys would not be trained. The paper uses 4, and finds no difference
            with 8 and 16.
        links: slots that each slot is linked to in the order of writing, each way, 1 or more; the paper uses 8.
        memory_init: where the memory of every sequence starts. ``constant``: 1e-6 in every cell; ``learned``: tanh of
            a vector that starts Glorot-uniform and is trained; ``random``: tanh of a matrix that is drawn from
            N(0, 0.5) and not trained.
        index: how the slots most like a key are searched for. ``exact``: among all. ``approximate``: among those that
            differ from the start, and of the others among a few in a hundred, which find about four in ten of the
            true neighbours there; for a memory that starts ``random``, and pays from some 8,000 slots on. One that
            starts ``constant`` is searched exactly either way, and ``learned`` needs ``exact``.
        clip: bound of the interface and of the logits, above 0; none for unbounded.
    """

    sparse = True
    native_twin = NativeTwin(problem_of, sdnc_outputs)
    cell: SDNCCell

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
        links: int = 8,
        memory_init: MemoryInit = "constant",
        index: Index = "exact",
        clip: float | None = 20.0,
    ) -> None:
        require_trained_keys(neighbours)
        cell = SDNCCell(
            input_size,
            controller_size,
            memory_slots=memory_slots,
            slot_width=slot_width,
            read_heads=read_heads,
            neighbours=neighbours,
            links=links,
            memory_init=memory_init,
            index=index,
            clip=clip,
        )
        super().__init__(input_size, output_size, cell, clip)

    def observe(
        self, inputs: Float[Tensor, "B I"], state: SDNCState
    ) -> tuple[Float[Tensor, "B O"], SDNCState, Observation]:
        """Do a step and tell where the heads were and how they got there."""
        output, after, told, written = self.cell.observe(inputs, state)
        backward, content, forward = told.read_modes.unbind(-1)
        gates = {
            "key_strength": told.read_strengths,
            "write_gate": told.write_gate,
            "interpolation_gate": told.interpolation_gate,
            "backward_mode": backward,
            "content_mode": content,
            "forward_mode": forward,
            "read_age": read_age(state.age, written, after.read_weighting),
        }
        return self.logits(output), after, Observation(after.read_weighting, written, after.memory, gates)
