"""The mLSTM of xLSTM: an LSTM whose cell is a matrix, with exponential gates."""

import math
from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import require_one_of, require_positive
from mann_bench.nn import start
from mann_bench_modern.decaying_memory import chunked_decaying_memory
from mann_bench_modern.layered import (
    EPSILON,
    CausalConvolution,
    LayeredModel,
    Layers,
    Mixer,
    join_heads,
    split_heads,
)

Form = Literal["chunked", "recurrent"]

LEAST_FORGET_BIAS, GREATEST_FORGET_BIAS = 3.0, 6.0
"""Between these the biases of the forget gates start, as the authors' do: a gate of 0.95 to 0.998."""


class MLSTMModel(LayeredModel):
    """Layers of mLSTM (Beck et al. 2024, section 2.3, https://arxiv.org/abs/2405.04517).

    Each head of a layer has a cell of `head_width` x `head_width`. The layers are those of
    `mann_bench_modern.layered.Layers`, in the order of xLSTM 7B (Beck et al. 2025, https://arxiv.org/abs/2503.13427):
    the mLSTM works in `heads` x `head_width` channels, and a feedforward network follows it, where the blocks of
    2024 project up before the mLSTM and have no such network.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of mLSTM and feedforward network, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: cells of a layer, 1 or more.
        head_width: channels of a cell's queries, keys and values, 1 or more. It does not depend on `width`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0; None has no such networks.
        convolution: steps that the short causal convolution before queries and keys spans, 1 or more.
        form: ``chunked`` computes chunks of steps in parallel, ``recurrent`` one after the other. They agree to
            rounding.
        chunk_size: the most steps of a chunk, 1 or more.
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
        form: Form = "chunked",
        chunk_size: int = 16,
    ) -> None:
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(convolution=convolution, chunk_size=chunk_size)
        require_one_of(form=(form, Form))
        rule = partial(chunked_mlstm, chunk_size=chunk_size) if form == "chunked" else recurrent_mlstm
        mixer = partial(MLSTM, heads=heads, head_width=head_width, convolution=convolution, rule=rule)
        build = partial(Layers, input_size, output_size, layers=layers, feedforward=feedforward, mixer=mixer)
        super().__init__(input_size, output_size, width, build)


class MatrixCell(NamedTuple):
    """What the cells of a layer carry from step to step, all scaled by exp(-stabiliser)."""

    memory: Float[Tensor, "B H K V"]
    normaliser: Float[Tensor, "B H K"]
    stabiliser: Float[Tensor, "B H"]


Rule = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, MatrixCell], tuple[Tensor, MatrixCell]]


def recurrent_mlstm(
    queries: Float[Tensor, "B H T K"],
    keys: Float[Tensor, "B H T K"],
    values: Float[Tensor, "B H T V"],
    log_inputs: Float[Tensor, "B H T"],
    log_forgets: Float[Tensor, "B H T"],
    cell: MatrixCell,
) -> tuple[Float[Tensor, "B H T V"], MatrixCell]:
    """Return what the cells answer at each step, by equations 19 to 21 of the paper, and the cells after the last.

        C_t = f_t C_{t-1} + i_t v_t k_t^T
        n_t = f_t n_{t-1} + i_t k_t
        h_t = C_t q_t / max(|n_t^T q_t|, 1)

    They are stabilised as in equations 15 to 17: C_t and n_t are kept in units of exp(m_t), where
    m_t = max(log f_t + m_{t-1}, log i_t). As m_t does not change what the cells answer, no gradient passes it.

    Args:
        queries: q.
        keys: k, already divided by the square root of their number of channels.
        values: v.
        log_inputs: the natural logarithm of i.
        log_forgets: the natural logarithm of f, 0 or less.
        cell: the cells before the first step.
    """
    memory, normaliser, stabiliser = cell
    outputs = []
    steps = (x.unbind(2) for x in (queries, keys, values, log_inputs, log_forgets))
    for query, key, value, log_input, log_forget in zip(*steps, strict=True):
        before, stabiliser = stabiliser, torch.maximum(log_forget + stabiliser, log_input).detach()
        forget = (log_forget + before - stabiliser).exp().unsqueeze(-1)
        written = (log_input - stabiliser).exp().unsqueeze(-1) * key
        memory = forget.unsqueeze(-1) * memory + written.unsqueeze(-1) * value.unsqueeze(-2)
        normaliser = forget * normaliser + written
        weight = torch.maximum((normaliser * query).sum(-1).abs(), (-stabiliser).exp())
        outputs.append((query.unsqueeze(-2) @ memory).squeeze(-2) / weight.unsqueeze(-1))
    return torch.stack(outputs, dim=2), MatrixCell(memory, normaliser, stabiliser)


def chunked_mlstm(
    queries: Float[Tensor, "B H T K"],
    keys: Float[Tensor, "B H T K"],
    values: Float[Tensor, "B H T V"],
    log_inputs: Float[Tensor, "B H T"],
    log_forgets: Float[Tensor, "B H T"],
    cell: MatrixCell,
    chunk_size: int,
) -> tuple[Float[Tensor, "B H T V"], MatrixCell]:
    """Return what `recurrent_mlstm` returns, with a Python step a chunk instead of one a time step.

    With F_t = log f_1 + ... + log f_t, all m_t are F_t + max(m_0, log i_1 - F_1, ..., log i_t - F_t). With them,
    memory and normaliser are one memory that decays, the normaliser as the answer to a value of 1.

    Args:
        queries, keys, values, log_inputs, log_forgets, cell: as for `recurrent_mlstm`.
        chunk_size: the most steps of a chunk.
    """
    with torch.no_grad():
        total = log_forgets.cumsum(-1)
        greatest = (log_inputs - total).cummax(-1).values
        stabilisers = total + torch.maximum(cell.stabiliser.unsqueeze(-1), greatest)
    log_decays = log_forgets + torch.cat([cell.stabiliser.unsqueeze(-1), stabilisers[..., :-1]], dim=-1) - stabilisers
    keys = (log_inputs - stabilisers).exp().unsqueeze(-1) * keys
    memory = torch.cat([cell.memory, cell.normaliser.unsqueeze(-1)], dim=-1)
    answers, memory = chunked_decaying_memory(
        queries, keys, functional.pad(values, (0, 1), value=1.0), log_decays, memory, chunk_size
    )
    weights = torch.maximum(answers[..., -1:].abs(), (-stabilisers).exp().unsqueeze(-1))
    return answers[..., :-1] / weights, MatrixCell(memory[..., :-1], memory[..., -1], stabilisers[..., -1])


class MLSTMState(NamedTuple):
    """What a layer carries from step to step."""

    cell: MatrixCell
    past: Float[Tensor, "S B C"]
    """The last inputs of the convolution."""


class MLSTM(Mixer):
    """Heads with a matrix cell each (Beck et al. 2024, equations 19 to 27).

    Queries and keys pass a short causal convolution and SiLU. Answers are normalised by their root mean square, head by
    head, and pass the output gates.

    Args:
        width: channels of inputs and outputs.
        heads: cells.
        head_width: channels of a cell's queries, keys and values.
        convolution: steps that the convolution spans.
        rule: a form of the recurrence.
    """

    def __init__(self, width: int, heads: int, head_width: int, convolution: int, rule: Rule) -> None:
        super().__init__()
        self.heads, self.head_width, self.rule = heads, head_width, rule
        channels = heads * head_width
        self.address = nn.Linear(width, 2 * channels, bias=False)
        self.convolution = CausalConvolution(2 * channels, convolution)
        self.value = nn.Linear(width, channels, bias=False)
        self.gates = ExponentialGates(width, heads)
        self.output_gate = nn.Linear(width, channels)
        self.norm = nn.RMSNorm(head_width, eps=EPSILON)
        self.merge = nn.Linear(channels, width, bias=False)

    def initial_state(self, batch_size: int) -> MLSTMState:
        """Return empty cells."""
        memory = self.value.weight.new_zeros(batch_size, self.heads, self.head_width, self.head_width)
        cell = MatrixCell(memory, torch.zeros_like(memory[..., 0]), torch.zeros_like(memory[..., 0, 0]))
        return MLSTMState(cell, self.convolution.initial_state(batch_size))

    def forward(self, inputs: Float[Tensor, "T B W"], state: MLSTMState) -> tuple[Float[Tensor, "T B W"], MLSTMState]:
        """Write, then read, step after step."""
        convolved, past = self.convolution(self.address(inputs), state.past)
        queries, keys = (split_heads(each, self.heads) for each in functional.silu(convolved).chunk(2, dim=2))
        values = split_heads(self.value(inputs), self.heads)
        log_inputs, log_forgets = self.gates(inputs)
        answers, cell = self.rule(
            queries, keys / math.sqrt(self.head_width), values, log_inputs, log_forgets, state.cell
        )
        outputs: Tensor = self.merge(join_heads(self.norm(answers)) * self.output_gate(inputs).sigmoid())
        return outputs, MLSTMState(cell, past)


class ExponentialGates(nn.Module):
    """Logarithms of an exponential input gate and a logistic forget gate a head (equations 25 and 26).

    The gates do not depend on the inputs at first, and the heads forget differently fast.

    Args:
        width: channels of the inputs.
        heads: cells.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2 * heads, width))
        forget = torch.linspace(LEAST_FORGET_BIAS, GREATEST_FORGET_BIAS, heads)
        self.bias = nn.Parameter(torch.cat([torch.zeros(heads), forget]))
        start(self)

    def forward(self, inputs: Float[Tensor, "T B W"]) -> tuple[Float[Tensor, "B H T"], Float[Tensor, "B H T"]]:
        """Return the logarithms of the input and of the forget gates."""
        log_inputs, forget_gate = functional.linear(inputs, self.weight, self.bias).permute(1, 2, 0).chunk(2, dim=1)
        return log_inputs, functional.logsigmoid(forget_gate)
