"""A model that is a cell with a memory under a linear map to the logits."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from mann_bench.models.base import RecurrentModel
from mann_bench.nn.initialization import clip_symmetric, draw_weights, truncated_normal_linear


class NativeTwin(NamedTuple):
    """The native recurrence of a kind of cells: why it cannot take the place of one, and the outputs of all steps."""

    problem_of: Callable[[Any], str | None]
    outputs: Callable[[Any, Tensor, Any], Tensor]


class CellModel(RecurrentModel):
    """A cell of `mann_bench.nn` whose outputs are mapped to logits, clipped to [-clip, clip].

    Subclasses name the `native_twin` of their cell.

    Args:
        input_size: channels of the task's inputs, I.
        output_size: channels of the logits, O.
        cell: advances one time step at a time; it has an `output_size` and an `initial_state`.
        clip: bound of the logits, above 0; none for unbounded.
    """

    native_twin: ClassVar[NativeTwin]
    cell: Any

    def __init__(self, input_size: int, output_size: int, cell: nn.Module, clip: float | None) -> None:
        super().__init__(input_size, output_size)
        self.clip = clip
        self.cell = cell
        self.readout = truncated_normal_linear(self.cell.output_size, output_size)

    def draw_weights(self, seed: int) -> None:
        """Draw the weights, the same for a seed on every processor."""
        draw_weights(self, seed)

    def initial_state(self, batch_size: int) -> Any:
        """Return the cell's initial state."""
        return self.cell.initial_state(batch_size)

    def step(self, inputs: Float[Tensor, "B I"], state: Any) -> tuple[Float[Tensor, "B O"], Any]:
        """Advance the cell and map its output to logits."""
        output, state = self.cell(inputs, state)
        return self.logits(output), state

    def native_problem(self) -> str | None:
        """Return why the cell has no native recurrence, or None."""
        return self.native_twin.problem_of(self.cell)

    def native_forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Run the cell natively over time, then map all outputs to logits at once."""
        return self.logits(self.native_twin.outputs(self.cell, inputs, self.initial_state(1)))

    def logits(self, output: Float[Tensor, "*any F"]) -> Float[Tensor, "*any O"]:
        """Map outputs of the cell to logits."""
        return clip_symmetric(self.readout(output), self.clip)
