"""The Differentiable Neural Computer, for the suite."""

from jaxtyping import Float
from torch import Tensor

from mann_bench.models.base import Observation
from mann_bench.models.cell_model import CellModel, NativeTwin
from mann_bench.native.dnc import dnc_outputs, problem_of
from mann_bench.nn.dnc import DNCCell, DNCState


class DNCModel(CellModel):
    """A DNC (`mann_bench.nn.DNCCell`) under a linear map to the logits, clipped to [-clip, clip].

    The changes `masked`, `deallocation` and `sharpened` are those of Csordas & Schmidhuber 2019; the DNC of Graves et
    al. 2016 has none of them.

    Args:
        input_size: channels of the task's inputs, I.
        output_size: channels of the logits, O.
        controller_size: units of the LSTM controller, 1 or more; the default is the NTM's, as for the memory.
        memory_slots: rows of the memory, N, 1 or more. Time and memory grow with their square. From 256 slots on `sdnc`
            is the model to take: it took a third of the time there, a tenth at 512, and 1/165 at 2,048.
        slot_width: numbers in a row, W, 1 or more.
        read_heads: heads that read the memory in a step, 1 or more; one head writes it.
        masked: whether each key brings a mask over a row's numbers, so that it can look for a part of them.
        deallocation: whether rows that are freed are also erased.
        sharpened: whether the forward and backward weightings are raised to powers and normalised.
        clip: bound of the controller's activations, of the interface and of the logits, above 0; none for unbounded.
            The code of its authors has 20 (https://github.com/google-deepmind/dnc).
    """

    native_twin = NativeTwin(problem_of, dnc_outputs)
    cell: DNCCell

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        controller_size: int = 100,
        memory_slots: int = 128,
        slot_width: int = 20,
        read_heads: int = 1,
        masked: bool = False,
        deallocation: bool = False,
        sharpened: bool = False,
        clip: float | None = 20.0,
    ) -> None:
        cell = DNCCell(
            input_size,
            controller_size,
            memory_slots=memory_slots,
            slot_width=slot_width,
            read_heads=read_heads,
            masked=masked,
            deallocation=deallocation,
            sharpened=sharpened,
            clip=clip,
        )
        super().__init__(input_size, output_size, cell, clip)

    def observe(
        self, inputs: Float[Tensor, "B I"], state: DNCState
    ) -> tuple[Float[Tensor, "B O"], DNCState, Observation]:
        """Do a step and tell where the heads were and how they got there."""
        output, state, interface = self.cell.observe(inputs, state)
        backward, content, forward = interface.read_modes.unbind(-1)
        gates = {
            "free_gate": interface.free_gates,
            "allocation_gate": interface.allocation_gate,
            "write_gate": interface.write_gate,
            "backward_mode": backward,
            "content_mode": content,
            "forward_mode": forward,
        }
        written = state.write_weighting.unsqueeze(1)
        return self.logits(output), state, Observation(state.read_weightings, written, state.memory, gates)
