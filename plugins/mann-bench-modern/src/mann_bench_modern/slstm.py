"""The sLSTM of xLSTM: an LSTM with exponential gates and a normaliser, step by step."""

from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import OptionValue, RecurrentModel, require_positive
from mann_bench.nn import Uniform, draw_weights, start
from mann_bench_modern.layered import EPSILON, CausalConvolution, Layers, Mixer, matched
from mann_bench_modern.mlstm import GREATEST_FORGET_BIAS, LEAST_FORGET_BIAS

_BEFORE_ALL = -1e30
"""The logarithm of a scale below any other: the first input sets the scale, as if nothing had been before it."""


class SLSTMModel(RecurrentModel):
    """Layers of sLSTM (Beck et al. 2024, section 2.2, https://arxiv.org/abs/2405.04517).

    Gates see the cells of the step before, so there is no parallel form. The layers are those of
    `mann_bench_modern.layered.Layers`: the feedforward network has one hidden layer of GELUs where the paper has a
    gated one.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of sLSTM and feedforward network, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: groups of cells of a layer, 1 or more. Cells see those of their own head alone.
        head_width: cells of a head, 1 or more. It does not depend on `width`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0; None has no such networks.
        convolution: steps that the short causal convolution before input and forget gates spans, 1 or more.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        layers: int = 2,
        width: int | None = None,
        heads: int = 4,
        head_width: int = 16,
        feedforward: float | None = 4.0,
        convolution: int = 4,
    ) -> None:
        super().__init__(input_size, output_size)
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(convolution=convolution)
        mixer = partial(SLSTM, heads=heads, head_width=head_width, convolution=convolution)
        build = partial(Layers, input_size, output_size, layers=layers, feedforward=feedforward, mixer=mixer)
        self.layers, self._details = matched(width, build, input_size, output_size)

    def details(self) -> dict[str, OptionValue]:
        """Return the width that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def draw_weights(self, seed: int) -> None:
        """Draw the initial weights of a run."""
        draw_weights(self, seed)

    def initial_state(self, batch_size: int) -> tuple[Any, ...]:
        """Return what each layer carries from step to step."""
        return self.layers.initial_state(batch_size)

    def step(
        self, inputs: Float[Tensor, "B I"], state: tuple[Any, ...]
    ) -> tuple[Float[Tensor, "B O"], tuple[Any, ...]]:
        """Advance all layers."""
        logits, state = self.layers(inputs.unsqueeze(0), state)
        return logits.squeeze(0), state


class ScalarCells(NamedTuple):
    """What the cells of a layer carry from step to step. Cells and normalisers are scaled by exp(-stabiliser)."""

    hidden: Float[Tensor, "B H D"]
    cell: Float[Tensor, "B H D"]
    normaliser: Float[Tensor, "B H D"]
    stabiliser: Float[Tensor, "B H D"]


def advance(told: Float[Tensor, "B H G"], cells: ScalarCells) -> ScalarCells:
    """Do a step of equations 8 to 17 of the paper.

        c_t = f_t c_{t-1} + i_t z_t
        n_t = f_t n_{t-1} + i_t
        h_t = o_t c_t / n_t

    c_t and n_t are kept in units of exp(m_t), where m_t = max(log f_t + m_{t-1}, log i_t). As m_t does not change h_t,
    no gradient passes it.

    Args:
        told: what i_t, f_t, z_t and o_t are told, before exp, the logistic function, tanh and the logistic function.
        cells: before the step.
    """
    log_input, forget, cell_input, output = told.chunk(4, dim=2)
    log_forget = functional.logsigmoid(forget)
    stabiliser = torch.maximum(log_forget + cells.stabiliser, log_input).detach()
    kept, added = (log_forget + cells.stabiliser - stabiliser).exp(), (log_input - stabiliser).exp()
    cell = kept * cells.cell + added * cell_input.tanh()
    normaliser = kept * cells.normaliser + added
    return ScalarCells(output.sigmoid() * cell / normaliser, cell, normaliser, stabiliser)


class SLSTMState(NamedTuple):
    """What a layer carries from step to step."""

    cells: ScalarCells
    past: Float[Tensor, "S B W"]
    """The last inputs of the convolution."""


class SLSTM(Mixer):
    """Heads of cells with exponential gates: see `advance`.

    All gates see the input and the outputs h_{t-1} of their own head, input and forget gates the input through a short
    causal convolution and SiLU. The outputs are normalised by their root mean square, head by head, and mapped to the
    layer's outputs.

    Args:
        width: channels of inputs and outputs.
        heads: groups of cells.
        head_width: cells of a head.
        convolution: steps that the convolution spans.
    """

    def __init__(self, width: int, heads: int, head_width: int, convolution: int) -> None:
        super().__init__()
        self.heads, self.head_width = heads, head_width
        channels = heads * head_width
        self.convolution = CausalConvolution(width, convolution)
        self.input_and_forget = nn.Linear(width, 2 * channels, bias=False)
        self.cell_and_output = nn.Linear(width, 2 * channels, bias=False)
        # To input gates, forget gates, cell inputs and output gates.
        self.recurrent = nn.Parameter(torch.empty(heads, head_width, 4 * head_width))
        forget = torch.linspace(LEAST_FORGET_BIAS, GREATEST_FORGET_BIAS, head_width).expand(heads, head_width)
        rest = torch.zeros(heads, head_width)
        self.bias = nn.Parameter(torch.cat([rest, forget, rest, rest], dim=1))
        start(self, recurrent=Uniform(head_width**-0.5))
        self.norm = nn.RMSNorm(head_width, eps=EPSILON)
        self.merge = nn.Linear(channels, width, bias=False)

    def initial_state(self, batch_size: int) -> SLSTMState:
        """Return cells of zero."""
        zeros = self.bias.new_zeros(batch_size, self.heads, self.head_width)
        cells = ScalarCells(zeros, zeros, zeros, zeros + _BEFORE_ALL)
        return SLSTMState(cells, self.convolution.initial_state(batch_size))

    def forward(self, inputs: Float[Tensor, "T B W"], state: SLSTMState) -> tuple[Float[Tensor, "T B W"], SLSTMState]:
        """Advance the cells step after step."""
        convolved, past = self.convolution(inputs, state.past)
        told = torch.cat([self.input_and_forget(functional.silu(convolved)), self.cell_and_output(inputs)], dim=2)
        told = told.reshape(*inputs.shape[:2], 4, self.heads, self.head_width).transpose(2, 3).flatten(3) + self.bias
        cells, outputs = state.cells, []
        for step in told.unbind(0):
            cells = advance(step + torch.einsum("bhd,hdg->bhg", cells.hidden, self.recurrent), cells)
            outputs.append(cells.hidden)
        merged: Tensor = self.merge(self.norm(torch.stack(outputs)).flatten(2))
        return merged, SLSTMState(cells, past)
