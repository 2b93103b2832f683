"""The Neural Turing Machine, for the suite."""

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.models.base import Observation
from mann_bench.models.cell_model import CellModel, NativeTwin
from mann_bench.native.ntm import ntm_outputs, problem_of
from mann_bench.nn.controller import ControllerKind
from mann_bench.nn.ntm import Addressing, MemoryInit, NTMCell, NTMState, Sharpening


class NTMModel(CellModel):
    """An NTM (`mann_bench.nn.NTMCell`) under a linear map to the logits, clipped to [-clip, clip].

    Args:
        input_size: channels of the task's inputs, I.
        output_size: channels of the logits, O.
        controller_size: units of each controller layer, 1 or more. Graves et al. 2014 use 100 with an LSTM, and 100,
            256 or 512 by task without.
        controller: ``lstm``, or ``feedforward``: tanh layers without a state of their own. Graves et al. 2014 use
            both, Collier & Beel 2018 the LSTM.
        controller_layers: layers of the controller, 1 or more.
        memory_slots: rows of the memory, N, more than twice `shift_range`; the papers use 128.
        slot_width: numbers in a row, W, 1 or more; the papers use 20.
        read_heads: heads that read the memory in a step, 1 or more. The papers use 1 on copy.
        write_heads: heads that write the memory in a step, 1 or more. The papers use 1 on copy.
        addressing: ``content_and_location``, as in Graves et al. 2014; or ``content``, an option of Collier & Beel's
            code: a head goes to the slots that are like its key, and has no gate, shifts and sharpening.
        shift_range: slots by which a head can rotate its weighting each way in a step, 0 or more; the papers use 1.
        sharpening: ``log`` computes equation 9 of Graves et al. 2014 in log space, where it cannot fail; ``power``
            computes it to the letter, which ends in NaN now and then.
        memory_init: where the memory of every sequence starts. ``constant``: 1e-6 in every cell, the fastest of
            the three in Collier & Beel 2018; ``learned``: tanh of a vector that starts Glorot-uniform;
            ``random``: tanh of a matrix that starts as N(0, 0.5).
        memory_trainable: whether that start is trained with everything else, as in Collier & Beel's code.
        clip: bound of the head parameters and of the logits, above 0; none for unbounded. Collier & Beel 2018 use 20.
    """

    native_twin = NativeTwin(problem_of, ntm_outputs)
    cell: NTMCell

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        controller_size: int = 100,
        controller: ControllerKind = "lstm",
        controller_layers: int = 1,
        memory_slots: int = 128,
        slot_width: int = 20,
        read_heads: int = 1,
        write_heads: int = 1,
        addressing: Addressing = "content_and_location",
        shift_range: int = 1,
        sharpening: Sharpening = "log",
        memory_init: MemoryInit = "constant",
        memory_trainable: bool = True,
        clip: float | None = 20.0,
    ) -> None:
        cell = NTMCell(
            input_size,
            controller_size,
            controller=controller,
            controller_layers=controller_layers,
            memory_slots=memory_slots,
            slot_width=slot_width,
            read_heads=read_heads,
            write_heads=write_heads,
            addressing=addressing,
            shift_range=shift_range,
            sharpening=sharpening,
            memory_init=memory_init,
            memory_trainable=memory_trainable,
            clip=clip,
        )
        super().__init__(input_size, output_size, cell, clip)

    def observe(
        self, inputs: Float[Tensor, "B I"], state: NTMState
    ) -> tuple[Float[Tensor, "B O"], NTMState, Observation]:
        """Do a step and tell where the heads were and how they got there; gates list read heads first."""
        output, after, heads, weightings = self.cell.observe(inputs, state)
        gates = {"key_strength": heads.key_strength}
        if heads.location is not None:
            reach = heads.location.shift_weighting.shape[-1] // 2
            distances = torch.arange(-reach, reach + 1, device=output.device, dtype=output.dtype)
            gates["interpolation_gate"] = heads.location.interpolation_gate
            gates["shift"] = heads.location.shift_weighting @ distances  # expected slots forward
            gates["sharpening"] = heads.location.sharpening
        read, write = torch.tensor_split(weightings, [self.cell.read_heads], dim=1)
        return self.logits(output), after, Observation(read, write, after.memory, gates)
