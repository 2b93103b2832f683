"""What `titans` and `ttt_linear` share: layers whose heads train a network each on what they are to remember."""

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench_modern.fast_weights import FastState, Learner, Learning, Rates, Weights
from mann_bench_modern.layered import CausalConvolution, Mixer, split_heads, unit


class TrainedState(NamedTuple):
    """What a layer carries from step to step."""

    memory: FastState
    past: Float[Tensor, "S B C"]
    """The last inputs of the convolution."""


class TrainedMemory(Mixer):
    """Heads with a network each, which learns the value of a key and then answers a query, step after step.

    Queries, keys and values pass a short causal convolution; queries and keys are then made unit vectors. Answers are
    normalised, gated, and mapped to the outputs.

    Args:
        width: channels of inputs and outputs.
        heads: memories.
        head_width: channels of a memory's queries, keys and values.
        convolution: steps that the convolution spans.
        learner: the network that a memory is.
        told: what queries, keys and values pass after the convolution.
        gating: what the gates pass.
        rule: a form of the recurrence.
        chunk_size: steps whose gradients are taken at the same weights.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        head_width: int,
        convolution: int,
        learner: Learner,
        told: Callable[[Tensor], Tensor],
        gating: Callable[[Tensor], Tensor],
        rule: Learning,
        chunk_size: int,
    ) -> None:
        super().__init__()
        self.heads, self.told, self.gating, self.rule, self.chunk_size = heads, told, gating, rule, chunk_size
        channels = heads * head_width
        self.project = nn.Linear(width, 3 * channels, bias=False)
        self.convolution = CausalConvolution(3 * channels, convolution)
        self.learner = learner
        self.gate = nn.Linear(width, channels, bias=False)
        self.merge = nn.Linear(channels, width, bias=False)

    @abstractmethod
    def at_first(self) -> tuple[Weights, Weights]:
        """Return the weights [H, D, E] that the memories start with, and what moves them; nothing without momentum."""

    @abstractmethod
    def rates_of(self, inputs: Float[Tensor, "T B W"]) -> Rates:
        """Return how each step learns."""

    @abstractmethod
    def normalised(self, answers: Float[Tensor, "B H T D"]) -> Float[Tensor, "T B C"]:
        """Return the normalised answers of all heads side by side."""

    def initial_state(self, batch_size: int) -> TrainedState:
        """Return memories with the weights that they start with."""
        weights, momentum = (tuple(x.expand(batch_size, -1, -1, -1) for x in each) for each in self.at_first())
        position = torch.zeros(batch_size, dtype=torch.int64, device=self.gate.weight.device)
        return TrainedState(FastState(weights, momentum, weights, position), self.convolution.initial_state(batch_size))

    def forward(
        self, inputs: Float[Tensor, "T B W"], state: TrainedState
    ) -> tuple[Float[Tensor, "T B W"], TrainedState]:
        """Learn, then answer, step after step."""
        convolved, past = self.convolution(self.project(inputs), state.past)
        queries, keys, values = (split_heads(each, self.heads) for each in self.told(convolved).chunk(3, dim=2))
        rates = self.rates_of(inputs)
        answers, memory = self.rule(
            self.learner, unit(queries), unit(keys), values, rates, state.memory, self.chunk_size
        )
        outputs: Tensor = self.merge(self.normalised(answers) * self.gating(self.gate(inputs)))
        return outputs, TrainedState(memory, past)
