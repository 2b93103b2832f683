"""TTT-Linear: a linear model as hidden state, trained at test time."""

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


class TTTLinearModel(LayeredModel):
    """Layers of TTT-Linear (Sun et al. 2024, https://arxiv.org/abs/2407.04620).

    Each head of a layer has a linear model from `head_width` to `head_width` channels. The layers are those of
    `mann_bench_modern.layered.Layers`. Queries and keys are unit vectors here, and each step has a learning rate of its
    own; what the authors' code multiplies it with by a step's place in its chunk is left out.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of TTT and feedforward network, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: linear models of a layer, 1 or more.
        head_width: channels of a head's queries, keys and values, 1 or more. It does not depend on `width`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0; None has no such networks.
        convolution: steps that the short causal convolution before queries, keys and values spans, 1 or more.
        rate: the greatest eta, how far a step follows the gradient, above 0.
        form: ``chunked`` computes all steps of a chunk at once, ``recurrent`` one after the other. They agree to
            rounding.
        chunk_size: b, steps whose gradients are taken at the same weights, 1 or more. Other sizes are other models.
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
        rate: float = 0.1,
        form: Form = "chunked",
        chunk_size: int = 16,
    ) -> None:
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(convolution=convolution, rate=rate, chunk_size=chunk_size)
        require_one_of(form=(form, Form))
        mixer = partial(
            TTTLinear,
            heads=heads,
            head_width=head_width,
            convolution=convolution,
            rate=rate,
            rule=chunked_learning if form == "chunked" else recurrent_learning,
            chunk_size=chunk_size,
        )
        build = partial(Layers, input_size, output_size, layers=layers, feedforward=feedforward, mixer=mixer)
        super().__init__(input_size, output_size, width, build)


class ResidualLinear(Learner):
    """f(x) = x + LN(W x + b); the loss is half the squared error of the value.

    The bias is a further row of the weights.

    Args:
        heads: linear models.
        head_width: channels.
    """

    def __init__(self, heads: int, head_width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(heads, 1, head_width))
        self.offset = nn.Parameter(torch.zeros(heads, 1, head_width))

    def gradients(
        self, keys: Float[Tensor, "B H C D"], values: Float[Tensor, "B H C D"], weights: Weights
    ) -> list[Outer]:
        """Return the gradient of each step's loss: that of a layer norm, by hand."""
        inputs = _with_one(keys)
        sums = inputs @ weights[0]
        deviation = (sums.var(-1, keepdim=True, unbiased=False) + EPSILON).sqrt()
        normed = (sums - sums.mean(-1, keepdim=True)) / deviation
        errors = self.scale * (keys + self.scale * normed + self.offset - values)
        shared = errors.mean(-1, keepdim=True) + normed * (errors * normed).mean(-1, keepdim=True)
        return [Outer(inputs, (errors - shared) / deviation)]

    def answer(
        self, queries: Float[Tensor, "B H C D"], layers: list[Callable[[Tensor], Tensor]]
    ) -> Float[Tensor, "B H C D"]:
        """Return f of the queries."""
        sums = layers[0](_with_one(queries))
        return queries + self.scale * functional.layer_norm(sums, sums.shape[-1:], eps=EPSILON) + self.offset


def _with_one(rows: Tensor) -> Tensor:
    return functional.pad(rows, (0, 1), value=1.0)


class TTTLinear(TrainedMemory):
    """Heads that train a linear model each (Sun et al. 2024).

    Answers are normalised over all heads, and gated by GELU. The weights that the models start with are learned.

    Args:
        width, heads, head_width, convolution, rule, chunk_size: as for `TrainedMemory`.
        rate: the greatest eta.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        head_width: int,
        convolution: int,
        rate: float,
        rule: Learning,
        chunk_size: int,
    ) -> None:
        learner = ResidualLinear(heads, head_width)
        super().__init__(
            width, heads, head_width, convolution, learner, nn.Identity(), functional.gelu, rule, chunk_size
        )
        self.rate = rate
        self.first_weights = nn.Parameter(torch.empty(heads, head_width, head_width))
        self.first_bias = nn.Parameter(torch.zeros(heads, 1, head_width))
        start(self, first_weights=Uniform(head_width**-0.5))
        self.step_size = nn.Linear(width, heads)
        self.norm = nn.LayerNorm(heads * head_width)

    def at_first(self) -> tuple[Weights, Weights]:
        """Return the learned weights and bias, as rows of one matrix a head."""
        return (torch.cat([self.first_weights, self.first_bias], dim=1),), ()

    def rates_of(self, inputs: Float[Tensor, "T B W"]) -> Rates:
        """Return eta of each step and head; nothing is forgotten, and nothing moves on."""
        return Rates(self.rate * self.step_size(inputs).permute(1, 2, 0).sigmoid(), None, None)

    def normalised(self, answers: Float[Tensor, "B H T D"]) -> Float[Tensor, "T B C"]:
        """Normalise over all heads."""
        normed: Tensor = self.norm(join_heads(answers))
        return normed
