"""The networks that control a memory: a stack of LSTM layers, or of feedforward layers without a state."""

import itertools
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench.nn.initialization import clip_symmetric, glorot, start

ControllerKind = Literal["lstm", "feedforward"]


class LSTMState(NamedTuple):
    """Hidden and cell activations of one layer."""

    hidden: Float[Tensor, "B C"]
    cell: Float[Tensor, "B C"]


ControllerState = tuple[LSTMState, ...]
"""One entry a layer; none where the controller keeps no state."""


class LSTMLayer(nn.Module):
    """One LSTM layer (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    One bias, forget gate open at the start (bias 1). `torch.nn.LSTMCell` adds two bias vectors that always
    act as their sum; this has the one of the seed paper, so parameter counts agree with it.
    """

    def __init__(self, input_size: int, hidden_size: int, clip: float | None = None) -> None:
        super().__init__()
        self.hidden_size, self.clip = hidden_size, clip
        self.weight = nn.Parameter(torch.empty(4 * hidden_size, input_size + hidden_size))
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        nn.init.ones_(self.bias[hidden_size : 2 * hidden_size].detach())
        start(self, weight=glorot(input_size + hidden_size, 4 * hidden_size))

    def initial_state(self, batch_size: int) -> LSTMState:
        """Return zeros for `batch_size` sequences."""
        # Two tensors: what exports a step must not take one for the other.
        shape = (batch_size, self.hidden_size)
        return LSTMState(self.weight.new_zeros(shape), self.weight.new_zeros(shape))

    def forward(self, inputs: Float[Tensor, "B I"], state: LSTMState) -> LSTMState:
        """Advance by one time step; gates lie in the order input, forget, candidate, output."""
        gates = functional.linear(torch.cat([inputs, state.hidden], dim=-1), self.weight, self.bias)
        input_gate, forget_gate, candidate, output_gate = gates.chunk(4, dim=-1)
        cell = forget_gate.sigmoid() * state.cell + input_gate.sigmoid() * candidate.tanh()
        hidden = output_gate.sigmoid() * cell.tanh()
        return LSTMState(clip_symmetric(hidden, self.clip), clip_symmetric(cell, self.clip))


class LSTMController(nn.Module):
    """A stack of LSTM layers: each sees the hidden activation of the one below, the top one's is the output.

    Args:
        input_size: channels of the input and of all read vectors.
        hidden_size: units of each layer.
        layers: layers of the stack.
        clip: bound of the activations; none for unbounded.
    """

    def __init__(self, input_size: int, hidden_size: int, layers: int = 1, clip: float | None = None) -> None:
        super().__init__()
        sizes = [input_size, *layers * [hidden_size]]
        self.layers = nn.ModuleList(LSTMLayer(below, own, clip) for below, own in itertools.pairwise(sizes))

    def initial_state(self, batch_size: int) -> ControllerState:
        """Return zeros for `batch_size` sequences."""
        return tuple(layer.initial_state(batch_size) for layer in self.layers)  # type: ignore[operator]

    def forward(
        self, inputs: Float[Tensor, "B I"], state: ControllerState
    ) -> tuple[Float[Tensor, "B C"], ControllerState]:
        """Advance by one time step; return the top layer's hidden activation and the state of every layer."""
        hidden, after = inputs, []
        for layer, before in zip(self.layers, state, strict=True):
            after.append(layer(hidden, before))
            hidden = after[-1].hidden
        return hidden, tuple(after)


class FeedforwardController(nn.Module):
    """A stack of tanh layers. It keeps no state: all that such an NTM remembers is in its memory and heads."""

    def __init__(self, input_size: int, hidden_size: int, layers: int = 1) -> None:
        super().__init__()
        sizes = [input_size, *layers * [hidden_size]]
        self.layers = nn.ModuleList(_glorot_linear(below, own) for below, own in itertools.pairwise(sizes))

    def initial_state(self, batch_size: int) -> ControllerState:
        """Return the empty state."""
        return ()

    def forward(
        self, inputs: Float[Tensor, "B I"], state: ControllerState
    ) -> tuple[Float[Tensor, "B C"], ControllerState]:
        """Return the top layer's activation and the empty state."""
        hidden = inputs
        for layer in self.layers:
            hidden = layer(hidden).tanh()
        return hidden, ()


def _glorot_linear(in_features: int, out_features: int) -> nn.Linear:
    linear = nn.Linear(in_features, out_features)
    nn.init.zeros_(linear.bias)
    start(linear, weight=glorot(in_features, out_features))
    return linear
