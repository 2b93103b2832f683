"""Mamba-2: a selective state space model whose transition is a number a head."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import require_one_of, require_positive
from mann_bench_modern.decaying_memory import chunked_decaying_memory, recurrent_decaying_memory
from mann_bench_modern.layered import (
    EPSILON,
    CausalConvolution,
    LayeredModel,
    Layers,
    Mixer,
    join_heads,
    split_heads,
)
from mann_bench_modern.timescales import Timescales

Form = Literal["chunked", "recurrent"]

Rule = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


class Mamba2Model(LayeredModel):
    """Layers of Mamba-2 (Dao & Gu 2024, section 7.1, https://arxiv.org/abs/2405.21060).

    Each head of a layer has a state of `state_width` x `head_width`. The layers are those of
    `mann_bench_modern.layered.Layers`; as in the paper, they have no feedforward networks unless these are asked for.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of Mamba-2, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: heads of a layer, P x N states each, 1 or more.
        head_width: channels of a head, P, 1 or more. It does not depend on `width`.
        state_width: states of a channel, N, 1 or more.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0; None has no such networks.
        convolution: steps that the short causal convolution before x, B and C spans, 1 or more.
        form: ``chunked`` computes chunks of steps in parallel (SSD), ``recurrent`` one after the other. They agree to
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
        state_width: int = 16,
        feedforward: float | None = None,
        convolution: int = 4,
        form: Form = "chunked",
        chunk_size: int = 16,
    ) -> None:
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(state_width=state_width, convolution=convolution, chunk_size=chunk_size)
        require_one_of(form=(form, Form))
        chunked = partial(chunked_decaying_memory, chunk_size=chunk_size)
        mixer = partial(
            Mamba2,
            heads=heads,
            head_width=head_width,
            state_width=state_width,
            convolution=convolution,
            rule=chunked if form == "chunked" else recurrent_decaying_memory,
        )
        build = partial(Layers, input_size, output_size, layers=layers, feedforward=feedforward, mixer=mixer)
        super().__init__(input_size, output_size, width, build)


class Mamba2State(NamedTuple):
    """What a layer carries from step to step."""

    memory: Float[Tensor, "B H N P"]
    past: Float[Tensor, "S B C"]
    """The last inputs of the convolution."""


class Mamba2(Mixer):
    """A selective state space layer (Dao & Gu 2024, section 7.1), for a head with x_t of P channels:

        h_t = exp(A Delta_t) h_{t-1} + Delta_t B_t x_t^T
        y_t = h_t^T C_t + D x_t

    B_t and C_t of N channels are those of all heads. x, B and C pass a short causal convolution and SiLU. What the
    heads answer is gated by SiLU, normalised by its root mean square, and mapped to the outputs.

    Args:
        width: channels of inputs and outputs.
        heads: heads.
        head_width: P.
        state_width: N.
        convolution: steps that the convolution spans.
        rule: a form of the recurrence.
    """

    def __init__(self, width: int, heads: int, head_width: int, state_width: int, convolution: int, rule: Rule) -> None:
        super().__init__()
        self.heads, self.head_width, self.state_width, self.rule = heads, head_width, state_width, rule
        inner = heads * head_width
        self.gate = nn.Linear(width, inner, bias=False)
        self.project = nn.Linear(width, inner + 2 * state_width, bias=False)
        self.convolution = CausalConvolution(inner + 2 * state_width, convolution)
        self.times = Timescales(width, heads)
        self.skip = nn.Parameter(torch.ones(heads))
        self.norm = nn.RMSNorm(inner, eps=EPSILON)
        self.merge = nn.Linear(inner, width, bias=False)

    def initial_state(self, batch_size: int) -> Mamba2State:
        """Return states of zero."""
        memory = self.skip.new_zeros(batch_size, self.heads, self.state_width, self.head_width)
        return Mamba2State(memory, self.convolution.initial_state(batch_size))

    def forward(self, inputs: Float[Tensor, "T B W"], state: Mamba2State) -> tuple[Float[Tensor, "T B W"], Mamba2State]:
        """Advance the states, then read, step after step."""
        convolved, past = self.convolution(self.project(inputs), state.past)
        widths = [self.heads * self.head_width, self.state_width, self.state_width]
        x, b, c = torch.split(functional.silu(convolved), widths, dim=2)
        x, b, c = split_heads(x, self.heads), split_heads(b, 1), split_heads(c, 1)
        times, log_decays = (each.permute(1, 2, 0) for each in self.times(inputs))
        answers, memory = self.rule(c, b, times.unsqueeze(-1) * x, log_decays, state.memory)
        skipped = join_heads(answers + self.skip[:, None, None] * x)
        outputs: Tensor = self.merge(self.norm(skipped * functional.silu(self.gate(inputs))))
        return outputs, Mamba2State(memory, past)
