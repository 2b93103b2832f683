"""A recurrent cell over whole sequences, with the calling convention of `torch.nn.LSTM`."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from mann_bench.nn.cell import MemoryCell
from mann_bench.nn.checks import require_sequences
from mann_bench.nn.scan import scan


class RecurrentLayer(nn.Module):
    """Runs a cell over time.

    Args:
        cell: the cell.
        batch_first: whether inputs and outputs are [B, T, *] and not [T, B, *]. States never change shape.
    """

    def __init__(self, cell: MemoryCell[Any], batch_first: bool = False) -> None:
        super().__init__()
        self.cell, self.batch_first = cell, batch_first

    @property
    def output_size(self) -> int:
        """Channels of the output: the controller's units and the read vectors."""
        return self.cell.output_size

    def forward(self, inputs: Float[Tensor, "X Y I"], state: Any = None) -> tuple[Float[Tensor, "X Y F"], Any]:
        """Run over time: [T, B, I] to [T, B, output_size], or batch first throughout, and the last state.

        Raises:
            TypeError: the inputs are packed, or no tensor.
            ValueError: the inputs are not of that shape, or have no step.
        """
        require_sequences(inputs, self.batch_first, self.cell.input_size)
        inputs = inputs.transpose(0, 1) if self.batch_first else inputs
        start = self.cell.initial_state(inputs.shape[1]) if state is None else state
        outputs, end = scan(self.cell, inputs, start)
        return (outputs.transpose(0, 1) if self.batch_first else outputs), end
