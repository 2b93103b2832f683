"""The simple recurrent network, on torch's own implementation."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench import OptionValue, SequenceModule, match_ntm, require_one_of, require_positive
from mann_bench.nn import draw_weights

Activation = Literal["tanh", "relu"]


class RNNModel(SequenceModule):
    """A stack of simple recurrent layers (Elman 1990) under a linear map to the logits.

    A layer computes h_t = tanh(W x_t + U h_{t-1} + b), as `torch.nn.RNN` does with the sum of two biases. The initial
    state is learned and starts at zero; everything else starts as `torch.nn.RNN` starts it.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        hidden_size: units of each layer, 1 or more; None takes the size that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task.
        layers: layers of the stack, 1 or more.
        activation: ``tanh``, or ``relu`` as in the code of Delétang et al. 2023 (https://arxiv.org/abs/2207.02098).
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        hidden_size: int | None = None,
        layers: int = 1,
        activation: Activation = "tanh",
    ) -> None:
        super().__init__(input_size, output_size)
        require_positive(hidden_size=hidden_size, layers=layers)
        require_one_of(activation=(activation, Activation))
        self._details: dict[str, OptionValue] = {}
        if hidden_size is None:
            match = match_ntm(
                lambda size: RNNModel(input_size, output_size, hidden_size=size, layers=layers), input_size, output_size
            )
            hidden_size, self._details = match.size, match.details("hidden_size")
        self.rnn = nn.RNN(input_size, hidden_size, layers, nonlinearity=activation)
        self.initial_hidden = nn.Parameter(torch.zeros(layers, hidden_size))
        self.readout = nn.Linear(hidden_size, output_size)

    def draw_weights(self, seed: int) -> None:
        """Draw the weights, the same for a seed on every processor."""
        draw_weights(self, seed)

    def details(self) -> dict[str, OptionValue]:
        """Return the size that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def initial_state(self, batch_size: int) -> Float[Tensor, "L B H"]:
        """Return the learned activations of all layers."""
        return self.initial_hidden.unsqueeze(1).expand(-1, batch_size, -1).contiguous()

    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return the logits for every time step."""
        outputs, _ = self.rnn(inputs, self.initial_state(inputs.shape[1]))
        logits: Tensor = self.readout(outputs)
        return logits
