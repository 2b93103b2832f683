"""What the models of this plugin share: residual layers that mix time steps and carry a state from piece to piece."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench import OptionValue, SequenceModule, match_ntm
from mann_bench.nn import Uniform, draw_weights, start

EPSILON = 1e-6


class Mixer(nn.Module, ABC):
    """A module that mixes time steps: the outputs of a step depend on its inputs and on the state before it."""

    @abstractmethod
    def initial_state(self, batch_size: int) -> Any:
        """Return the state before the first step, as nested tuples of tensors with a row a sequence."""

    @abstractmethod
    def forward(self, inputs: Float[Tensor, "T B W"], state: Any) -> tuple[Float[Tensor, "T B W"], Any]:
        """Return the outputs of all steps and the state after the last."""


class Layers(nn.Module):
    """A linear map to `width` channels, residual layers, a last norm, and a linear map to the logits.

    A layer is a mixer and, where there is one, a feedforward network with one hidden layer of GELUs. Each of the two
    normalises its own input ("pre-norm", Xiong et al. 2020, https://arxiv.org/abs/2002.04745) and adds to it.

    Args:
        input_size: channels of the inputs.
        output_size: channels of the logits.
        width: channels between layers.
        layers: number of layers.
        feedforward: hidden units of the feedforward networks, in units of `width`; None has no such networks.
        mixer: makes the mixer of a layer, for `width` channels.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        width: int,
        layers: int,
        feedforward: float | None,
        mixer: Callable[[int], Mixer],
    ) -> None:
        super().__init__()
        self.embedding = nn.Linear(input_size, width)
        self.layers: Iterable[_Layer] = nn.ModuleList(  # type: ignore[assignment]
            _Layer(mixer(width), width, feedforward) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.readout = nn.Linear(width, output_size)

    def initial_state(self, batch_size: int) -> tuple[Any, ...]:
        """Return the initial state of each layer."""
        return tuple(layer.initial_state(batch_size) for layer in self.layers)

    def forward(
        self, inputs: Float[Tensor, "T B I"], state: tuple[Any, ...]
    ) -> tuple[Float[Tensor, "T B O"], tuple[Any, ...]]:
        """Return the logits of all steps and the state after the last."""
        hidden, after = self.embedding(inputs), []
        for layer, before in zip(self.layers, state, strict=True):
            hidden, carried = layer(hidden, before)
            after.append(carried)
        return self.readout(self.norm(hidden)), tuple(after)


class _Layer(nn.Module):
    def __init__(self, mixer: Mixer, width: int, feedforward: float | None) -> None:
        super().__init__()
        self.norm, self.mixer = nn.LayerNorm(width), mixer
        self.feed: nn.Sequential | None = None
        if feedforward is not None:
            hidden = max(1, round(feedforward * width))
            self.feed = nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width)
            )

    def initial_state(self, batch_size: int) -> Any:
        return self.mixer.initial_state(batch_size)

    def forward(self, inputs: Float[Tensor, "T B W"], state: Any) -> tuple[Float[Tensor, "T B W"], Any]:
        mixed, state = self.mixer(self.norm(inputs), state)
        inputs = inputs + mixed
        return inputs if self.feed is None else inputs + self.feed(inputs), state


def matched(
    width: int | None, build: Callable[[int], Layers], input_size: int, output_size: int
) -> tuple[Layers, dict[str, OptionValue]]:
    """Build the layers of a width, or of that which has the parameters of the default NTM; return details on it."""
    if width is not None:
        return build(width), {}
    match = match_ntm(build, input_size, output_size)
    return build(match.size), match.details("width")


class LayeredModel(SequenceModule):
    """A model of `Layers` that computes all steps of a sequence at once.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        width: channels between layers; None takes the width that gives the whole model as nearly as can be the
            parameters of the default NTM on the same task.
        build: makes the layers of a width.
    """

    def __init__(self, input_size: int, output_size: int, width: int | None, build: Callable[[int], Layers]) -> None:
        super().__init__(input_size, output_size)
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

    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return the logits for every time step."""
        return self.advance(inputs, self.initial_state(inputs.shape[1]))[0]

    def advance(
        self, inputs: Float[Tensor, "T B I"], state: tuple[Any, ...]
    ) -> tuple[Float[Tensor, "T B O"], tuple[Any, ...]]:
        """Return the logits for the next steps of sequences, and the state after them."""
        logits, state = self.layers(inputs, state)
        return logits, state


class CausalConvolution(nn.Module):
    """A sum of each channel's last few values, weighted by weights of its own.

    Args:
        channels: of inputs and outputs.
        steps: how many values, the present one included.
    """

    def __init__(self, channels: int, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.weight = nn.Parameter(torch.empty(steps, channels))
        start(self, weight=Uniform(steps**-0.5))  # as `torch.nn.Conv1d` with one channel a group

    def initial_state(self, batch_size: int) -> Float[Tensor, "S B C"]:
        """Return the values before the first step, all zero."""
        return self.weight.new_zeros(batch_size, self.steps - 1, self.weight.shape[1]).transpose(0, 1)

    def forward(
        self, inputs: Float[Tensor, "T B C"], past: Float[Tensor, "S B C"]
    ) -> tuple[Float[Tensor, "T B C"], Float[Tensor, "S B C"]]:
        """Convolve; return the outputs and the last values."""
        padded = torch.cat([past, inputs])
        first, *others = (padded[step : step + len(inputs)] * weight for step, weight in enumerate(self.weight))
        total: Tensor = sum(others, first)
        return total, padded[len(inputs) :]


def split_heads(channels: Float[Tensor, "T B C"], heads: int) -> Float[Tensor, "B H T D"]:
    """Give each head its share of the channels."""
    return channels.reshape(*channels.shape[:2], heads, -1).permute(1, 2, 0, 3)


def join_heads(answers: Float[Tensor, "B H T D"]) -> Float[Tensor, "T B C"]:
    """Put the channels of all heads side by side."""
    return answers.permute(2, 0, 1, 3).flatten(2)


def unit(vectors: Float[Tensor, "*any D"]) -> Float[Tensor, "*any D"]:
    """Divide by the Euclidean norm; a zero vector stays zero, and its gradient finite."""
    return vectors * (vectors.square().sum(-1, keepdim=True) + EPSILON).rsqrt()


def inverse_softplus(values: Tensor) -> Tensor:
    """Return what `torch.nn.functional.softplus` maps to `values`, all above zero."""
    return values + torch.log(-torch.expm1(-values))
