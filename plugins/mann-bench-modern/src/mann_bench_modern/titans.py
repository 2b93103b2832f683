"""Titans' neural memory: a small network that learns at test time, with momentum and forgetting."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import require_one_of, require_positive
from mann_bench.nn import Uniform, start
from mann_bench_modern.fast_weights import (
    FastState,
    Learner,
    Learning,
    Outer,
    Rates,
    Weights,
    chunked_learning,
    recurrent_learning,
)
from mann_bench_modern.layered import (
    EPSILON,
    CausalConvolution,
    LayeredModel,
    Layers,
    Mixer,
    join_heads,
    split_heads,
    unit,
)

Form = Literal["chunked", "recurrent"]

_KEPT_AT_FIRST, _MOMENTUM_AT_FIRST = 4.0, 0.0
"""Logits: a step first forgets 2 % of a memory, and half of what moved it."""


class TitansModel(LayeredModel):
    """Layers of neural memory (Behrouz et al. 2025, "Titans", section 3, https://arxiv.org/abs/2501.00663).

    This is the paper's memory as a layer of its own (LMM), without attention and persistent tokens. Each head of a
    layer has a network of `memory_layers` layers of `head_width` units. The layers are those of
    `mann_bench_modern.layered.Layers`. The loss is half the squared error, where the paper has all of it.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of memory and feedforward network, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: memories of a layer, 1 or more.
        head_width: channels of a memory's queries, keys and values, 1 or more. It does not depend on `width`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0; None has no such networks.
        convolution: steps that the short causal convolution before queries, keys and values spans, 1 or more.
        memory_layers: layers of the network that a memory is, 1 or more; with 1, a memory is a matrix.
        rate: the greatest theta, how far a step follows the gradient, above 0.
        form: ``chunked`` computes all steps of a chunk at once, ``recurrent`` one after the other. They agree to
            rounding.
        chunk_size: steps whose gradients are taken at the same weights, 1 or more. Other sizes are other models.
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
        memory_layers: int = 2,
        rate: float = 0.1,
        form: Form = "chunked",
        chunk_size: int = 16,
    ) -> None:
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(convolution=convolution, memory_layers=memory_layers, rate=rate, chunk_size=chunk_size)
        require_one_of(form=(form, Form))
        mixer = partial(
            NeuralMemory,
            heads=heads,
            head_width=head_width,
            convolution=convolution,
            memory_layers=memory_layers,
            rate=rate,
            rule=chunked_learning if form == "chunked" else recurrent_learning,
            chunk_size=chunk_size,
        )
        build = partial(Layers, input_size, output_size, layers=layers, feedforward=feedforward, mixer=mixer)
        super().__init__(input_size, output_size, width, build)


class Perceptron(Learner):
    """Layers with SiLU between them; the loss is half the squared error of the value."""

    def gradients(
        self, keys: Float[Tensor, "B H C D"], values: Float[Tensor, "B H C D"], weights: Weights
    ) -> list[Outer]:
        """Return the gradient of each step's loss for each layer, by backpropagation."""
        inputs, sums = [keys], []
        for each in weights:
            sums.append(inputs[-1] @ each)
            inputs.append(functional.silu(sums[-1]))
        errors = [sums[-1] - values]
        for each, before in zip(weights[:0:-1], sums[-2::-1], strict=True):
            gate = before.sigmoid()
            errors.append((errors[-1] @ each.mT) * gate * (1 + before * (1 - gate)))
        return [Outer(*pair) for pair in zip(inputs[:-1], reversed(errors), strict=True)]

    def answer(
        self, queries: Float[Tensor, "B H C D"], layers: list[Callable[[Tensor], Tensor]]
    ) -> Float[Tensor, "B H C D"]:
        """Return what the layers make of the queries."""
        *hidden, last = layers
        for layer in hidden:
            queries = functional.silu(layer(queries))
        return last(queries)


class TitansState(NamedTuple):
    """What a layer carries from step to step."""

    memory: FastState
    past: Float[Tensor, "S B C"]
    """The last inputs of the convolution."""


class NeuralMemory(Mixer):
    """Heads that train a network each on what they are to remember (Behrouz et al. 2025, section 3.1).

    Queries, keys and values pass a short causal convolution and SiLU; queries and keys are then made unit vectors.
    Answers are normalised by their root mean square, head by head, gated, and mapped to the outputs. The weights that
    the memories start with are learned.

    Args:
        width: channels of inputs and outputs.
        heads: memories.
        head_width: channels of a memory's queries, keys and values.
        convolution: steps that the convolution spans.
        memory_layers: layers of a memory.
        rate: the greatest theta.
        rule: a form of the recurrence.
        chunk_size: steps whose gradients are taken at the same weights.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        head_width: int,
        convolution: int,
        memory_layers: int,
        rate: float,
        rule: Learning,
        chunk_size: int,
    ) -> None:
        super().__init__()
        self.heads, self.rate, self.rule, self.chunk_size = heads, rate, rule, chunk_size
        channels = heads * head_width
        self.project = nn.Linear(width, 3 * channels, bias=False)
        self.convolution = CausalConvolution(3 * channels, convolution)
        self.learner = Perceptron()
        self.first_weights = nn.Parameter(torch.empty(memory_layers, heads, head_width, head_width))
        self.rates = nn.Parameter(torch.zeros(3 * heads, width))
        first = torch.tensor([0.0, _KEPT_AT_FIRST, _MOMENTUM_AT_FIRST])
        self.rates_bias = nn.Parameter(first.repeat_interleave(heads))
        start(self, first_weights=Uniform(head_width**-0.5))
        self.norm = nn.RMSNorm(head_width, eps=EPSILON)
        self.gate = nn.Linear(width, channels, bias=False)
        self.merge = nn.Linear(channels, width, bias=False)

    def initial_state(self, batch_size: int) -> TitansState:
        """Return memories with the weights that they start with."""
        weights = tuple(each.expand(batch_size, -1, -1, -1) for each in self.first_weights.unbind(0))
        position = torch.zeros(batch_size, dtype=torch.int64, device=self.first_weights.device)
        memory = FastState(weights, tuple(torch.zeros_like(each) for each in weights), weights, position)
        return TitansState(memory, self.convolution.initial_state(batch_size))

    def forward(self, inputs: Float[Tensor, "T B W"], state: TitansState) -> tuple[Float[Tensor, "T B W"], TitansState]:
        """Learn, then answer, step after step."""
        convolved, past = self.convolution(self.project(inputs), state.past)
        told = (split_heads(each, self.heads) for each in functional.silu(convolved).chunk(3, dim=2))
        queries, keys, values = told
        logits = functional.linear(inputs, self.rates, self.rates_bias).permute(1, 2, 0)
        step, kept, momentum = logits.chunk(3, dim=1)
        rates = Rates(self.rate * step.sigmoid(), functional.logsigmoid(kept), functional.logsigmoid(momentum))
        answers, memory = self.rule(
            self.learner, unit(queries), unit(keys), values, rates, state.memory, self.chunk_size
        )
        outputs: Tensor = self.merge(join_heads(self.norm(answers)) * functional.silu(self.gate(inputs)))
        return outputs, TitansState(memory, past)
