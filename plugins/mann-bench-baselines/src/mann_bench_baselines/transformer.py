"""The Transformer, as a causal sequence model."""

from functools import partial
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import OptionValue, SequenceModule, match_ntm, require_one_of, require_positive
from mann_bench_baselines.residual import ResidualStack

Positions = Literal["none", "sinusoidal", "rotary"]

_LONGEST_PERIOD = 10_000.0


class TransformerModel(SequenceModule):
    """A causal Transformer (Vaswani et al. 2017, section 3): a step attends to itself and to all before it.

    The inputs are mapped to `width` channels, pass the layers of a `ResidualStack` and are mapped to the
    logits. Positions are computed for the sequence at hand, so that every length can be run. The model
    carries nothing of fixed size from step to step: its memory is the whole sequence so far.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of attention and feedforward network, 1 or more; the paper uses 6.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: attention heads of a layer, 1 or more; the paper uses 8.
        head_width: channels of a head's queries, keys and values, 1 or more, even where positions are rotary; the
            paper uses 64. It does not depend on `width`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0.
        positions: how attention knows the order. ``rotary`` turns queries and keys (Su et al. 2021, section
            3.2, https://arxiv.org/abs/2104.09864); ``sinusoidal`` adds the waves of Vaswani et al. 2017,
            section 3.5, to the first layer's inputs; with ``none`` only the causal mask tells.
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
        feedforward: float = 4.0,
        positions: Positions = "rotary",
    ) -> None:
        super().__init__(input_size, output_size)
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_one_of(positions=(positions, Positions))
        if positions == "rotary" and head_width % 2:
            raise ValueError(f"head_width must be even with rotary positions, not {head_width}")
        self.positions = positions
        self._details: dict[str, OptionValue] = {}
        if width is None:
            build = partial(
                TransformerModel, layers=layers, heads=heads, head_width=head_width, feedforward=feedforward
            )
            match = match_ntm(lambda size: build(input_size, output_size, width=size), input_size, output_size)
            width, self._details = match.size, match.details("width")
        mixers = [CausalAttention(width, heads, head_width, rotary=positions == "rotary") for _ in range(layers)]
        self.embedding = nn.Linear(input_size, width)
        self.stack = ResidualStack(mixers, width, feedforward)
        self.readout = nn.Linear(width, output_size)

    def details(self) -> dict[str, OptionValue]:
        """Return the width that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return the logits for every time step."""
        embedded = self.embedding(inputs)
        if self.positions == "sinusoidal":
            embedded = embedded + sinusoids(embedded)
        logits: Tensor = self.readout(self.stack(embedded))
        return logits


class CausalAttention(nn.Module):
    """Multi-head attention of each step to itself and to all before it (Vaswani et al. 2017, equation 1).

    Queries, keys and values have no biases: that of the keys would not change anything.

    Args:
        width: channels of inputs and outputs.
        heads: attention heads.
        head_width: channels of a head's queries, keys and values; even where `rotary`.
        rotary: whether queries and keys are turned by their position.
    """

    def __init__(self, width: int, heads: int, head_width: int, *, rotary: bool) -> None:
        super().__init__()
        self.heads, self.rotary = heads, rotary
        self.project = nn.Linear(width, 3 * heads * head_width, bias=False)
        self.merge = nn.Linear(heads * head_width, width)

    def forward(self, inputs: Float[Tensor, "T B W"]) -> Float[Tensor, "T B W"]:
        """Attend."""
        projected = self.project(inputs).unflatten(2, (3, self.heads, -1))
        queries, keys, values = projected.permute(2, 1, 3, 0, 4)  # [B, H, T, D] each
        if self.rotary:
            queries, keys = rotate(queries), rotate(keys)
        attended = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        merged: Tensor = self.merge(attended.permute(2, 0, 1, 3).flatten(2))
        return merged


def rotate(vectors: Float[Tensor, "B H T D"]) -> Float[Tensor, "B H T D"]:
    """Turn channels i and i + D/2 by the angle of position and frequency i; D is even.

    The product of two turned vectors depends on the distance of their positions alone.
    """
    angles = _angles(vectors.shape[2], vectors.shape[3], vectors)  # [T, D/2]
    cosine, sine = angles.cos(), angles.sin()
    first, second = vectors.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


def sinusoids(like: Float[Tensor, "T B W"]) -> Float[Tensor, "T 1 W"]:
    """Return sines and cosines of the positions 0 to T - 1, in `like`'s dtype and on its device."""
    steps, _, width = like.shape
    angles = _angles(steps, width, like)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)[:, None, :width]


def _angles(steps: int, channels: int, like: Tensor) -> Float[Tensor, "T F"]:
    """Return position times frequency; the frequencies fall from 1 to nearly 1 / 10,000 radians a step."""
    positions = torch.arange(steps, dtype=like.dtype, device=like.device)
    fractions = torch.arange(0, channels, 2, dtype=like.dtype, device=like.device) / channels
    return positions[:, None] * _LONGEST_PERIOD**-fractions
