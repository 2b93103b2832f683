"""Titans' neural memory: a small network that learns at test time, with momentum and forgetting."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import require_one_of, require_positive
from mann_bench.nn import Uniform, start
from mann_bench_modern.fast_weights import (
    Learner,
    Learning,
    Outer,
    Rates,
    Weights,
    chunked_learning,
    recurrent_learning,
)
from mann_bench_modern.layered import EPSILON, LayeredModel, Layers, join_heads
from mann_bench_modern.trained_memory import TrainedMemory

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


class NeuralMemory(TrainedMemory):
    """Heads that train a network each on what they are to remember (Behrouz et al. 2025, section 3.1).

    Queries, keys and values pass SiLU. Answers are normalised by their root mean square, head by head, and gated by
    SiLU. The weights that the memories start with are learned.

    Args:
        width, heads, head_width, convolution, rule, chunk_size: as for `TrainedMemory`.
        memory_layers: layers of a memory.
        rate: the greatest theta.
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
        silu = functional.silu
        super().__init__(width, heads, head_width, convolution, Perceptron(), silu, silu, rule, chunk_size)
        self.rate = rate
        self.first_weights = nn.Parameter(torch.empty(memory_layers, heads, head_width, head_width))
        self.rates = nn.Parameter(torch.zeros(3 * heads, width))
        first = torch.tensor([0.0, _KEPT_AT_FIRST, _MOMENTUM_AT_FIRST])
        self.rates_bias = nn.Parameter(first.repeat_interleave(heads))
        start(self, first_weights=Uniform(head_width**-0.5))
        self.norm = nn.RMSNorm(head_width, eps=EPSILON)

    def at_first(self) -> tuple[Weights, Weights]:
        """Return the learned weights, which nothing moves."""
        weights = self.first_weights.unbind(0)
        return weights, tuple(torch.zeros_like(each) for each in weights)

    def rates_of(self, inputs: Float[Tensor, "T B W"]) -> Rates:
        """Return theta, and the logarithms of alpha and eta, of each step and head."""
        step, kept, momentum = functional.linear(inputs, self.rates, self.rates_bias).permute(1, 2, 0).chunk(3, dim=1)
        return Rates(self.rate * step.sigmoid(), functional.logsigmoid(kept), functional.logsigmoid(momentum))

    def normalised(self, answers: Float[Tensor, "B H T D"]) -> Float[Tensor, "T B C"]:
        """Normalise head by head."""
        return join_heads(self.norm(answers))
