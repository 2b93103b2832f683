"""The GRU, on torch's own implementation."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench import OptionValue, SequenceModule, match_ntm, require_positive


class GRUModel(SequenceModule):
    """A stack of gated recurrent units (Cho et al. 2014, section 2.3) under a linear map to the logits.

    The equations are those of `torch.nn.GRU`, which applies the reset gate after the matrix product where
    equation 8 of the paper applies it before. The initial state is learned and starts at zero; everything else
    starts as `torch.nn.GRU` starts it.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        hidden_size: units of each layer, 1 or more; None takes the size that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task.
        layers: layers of the stack, 1 or more.
    """

    def __init__(self, input_size: int, output_size: int, *, hidden_size: int | None = None, layers: int = 1) -> None:
        super().__init__(input_size, output_size)
        require_positive(hidden_size=hidden_size, layers=layers)
        self._details: dict[str, OptionValue] = {}
        if hidden_size is None:
            match = match_ntm(
                lambda size: GRUModel(input_size, output_size, hidden_size=size, layers=layers), input_size, output_size
            )
            hidden_size, self._details = match.size, match.details("hidden_size")
        self.gru = nn.GRU(input_size, hidden_size, layers)
        self.initial_hidden = nn.Parameter(torch.zeros(layers, hidden_size))
        self.readout = nn.Linear(hidden_size, output_size)

    def details(self) -> dict[str, OptionValue]:
        """Return the size that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def initial_state(self, batch_size: int) -> Float[Tensor, "L B H"]:
        """Return the learned activations of all layers."""
        return self.initial_hidden.unsqueeze(1).expand(-1, batch_size, -1).contiguous()

    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return the logits for every time step."""
        outputs, _ = self.gru(inputs, self.initial_state(inputs.shape[1]))
        logits: Tensor = self.readout(outputs)
        return logits
