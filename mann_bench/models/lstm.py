"""The LSTM baselines, on torch's own fused implementation."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench.core.options import OptionValue
from mann_bench.models.base import SequenceModule
from mann_bench.models.matching import match_ntm
from mann_bench.nn.checks import require_positive
from mann_bench.nn.initialization import draw_weights


class LSTMModel(SequenceModule):
    """A stack of LSTM layers under a linear map to the logits.

    The initial state is learned, the forget gates start open (bias 1); everything else starts as
    `torch.nn.LSTM` starts it.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of the stack, 1 or more; the papers use 3.
        units: units of each layer, 1 or more; the papers use 128, 256 or 512 by task.
    """

    def __init__(self, input_size: int, output_size: int, *, layers: int = 3, units: int = 256) -> None:
        super().__init__(input_size, output_size)
        require_positive(layers=layers, units=units)
        self.lstm = nn.LSTM(input_size, units, layers)
        _open_forget_gates(self.lstm)
        self.initial_hidden = nn.Parameter(torch.zeros(layers, units))
        self.initial_cell = nn.Parameter(torch.zeros(layers, units))
        self.readout = nn.Linear(units, output_size)

    def draw_weights(self, seed: int) -> None:
        """Draw the weights, the same for a seed on every processor."""
        draw_weights(self, seed)
        _open_forget_gates(self.lstm)

    def initial_state(self, batch_size: int) -> tuple[Tensor, Tensor]:
        """Return the learned hidden and cell activations, [layers, B, units] each."""
        return (
            self.initial_hidden.unsqueeze(1).expand(-1, batch_size, -1).contiguous(),
            self.initial_cell.unsqueeze(1).expand(-1, batch_size, -1).contiguous(),
        )

    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return the logits for every time step."""
        outputs, _ = self.lstm(inputs, self.initial_state(inputs.shape[1]))
        logits: Tensor = self.readout(outputs)
        return logits


class LSTMMatchedModel(LSTMModel):
    """One LSTM layer with as many parameters as the default NTM has on the same task, as nearly as can be.

    The papers' LSTM has twenty times the parameters of their NTM; this one tells what the memory is worth.
    """

    def __init__(self, input_size: int, output_size: int) -> None:
        match = match_ntm(
            lambda units: LSTMModel(input_size, output_size, layers=1, units=units), input_size, output_size
        )
        super().__init__(input_size, output_size, layers=1, units=match.size)
        self._details = match.details("units")

    def details(self) -> dict[str, OptionValue]:
        """Return the chosen width, and the parameters of the NTM that it was chosen by."""
        return self._details


def _open_forget_gates(lstm: nn.LSTM) -> None:
    gates = slice(lstm.hidden_size, 2 * lstm.hidden_size)
    for layer in range(lstm.num_layers):
        for name, value in {"bias_ih": 1.0, "bias_hh": 0.0}.items():
            nn.init.constant_(getattr(lstm, f"{name}_l{layer}")[gates].detach(), value)
