"""The LSTM that controls a memory: one bias, forget gate open at the start, zero initial state."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class LSTMState(NamedTuple):
    """Hidden and cell activations."""

    hidden: Float[Tensor, "B C"]
    cell: Float[Tensor, "B C"]


class LSTMController(nn.Module):
    """One LSTM layer (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    `torch.nn.LSTMCell` adds two bias vectors that always act as their sum; this has the one of the seed
    paper, so parameter counts agree with it.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.weight = nn.Parameter(torch.empty(4 * hidden_size, input_size + hidden_size))
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        nn.init.xavier_uniform_(self.weight)
        nn.init.ones_(self.bias[hidden_size : 2 * hidden_size].detach())

    def initial_state(self, batch_size: int) -> LSTMState:
        """Return zeros for `batch_size` sequences."""
        zeros = self.weight.new_zeros(batch_size, self.hidden_size)
        return LSTMState(zeros, zeros)

    def forward(self, inputs: Float[Tensor, "B I"], state: LSTMState) -> LSTMState:
        """Advance by one time step; gates lie in the order input, forget, candidate, output."""
        gates = functional.linear(torch.cat([inputs, state.hidden], dim=-1), self.weight, self.bias)
        input_gate, forget_gate, candidate, output_gate = gates.chunk(4, dim=-1)
        cell = forget_gate.sigmoid() * state.cell + input_gate.sigmoid() * candidate.tanh()
        return LSTMState(output_gate.sigmoid() * cell.tanh(), cell)
