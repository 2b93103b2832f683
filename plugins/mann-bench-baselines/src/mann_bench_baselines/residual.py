"""The residual stack that Transformer and DeltaNet share; they differ in how they mix time steps."""

from collections.abc import Iterable

from jaxtyping import Float
from torch import Tensor, nn


class ResidualStack(nn.Module):
    """Layers of two residual blocks each: one mixes time steps, one is a feedforward network within a step.

    Every block normalises its own input ("pre-norm", Xiong et al. 2020, https://arxiv.org/abs/2002.04745) and
    a last norm follows the last layer. The feedforward network has one hidden layer of GELUs where Vaswani et
    al. 2017 have ReLUs. There is no dropout.

    Args:
        mixers: one module [T, B, width] to [T, B, width] a layer.
        width: channels.
        feedforward: hidden units of the feedforward networks, in units of `width`.
    """

    def __init__(self, mixers: Iterable[nn.Module], width: int, feedforward: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(mixer, width, max(1, round(feedforward * width))) for mixer in mixers)
        self.norm = nn.LayerNorm(width)

    def forward(self, inputs: Float[Tensor, "T B W"]) -> Float[Tensor, "T B W"]:
        """Apply all layers."""
        for layer in self.layers:
            inputs = layer(inputs)
        normed: Tensor = self.norm(inputs)
        return normed


class _Layer(nn.Module):
    def __init__(self, mixer: nn.Module, width: int, hidden: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.LayerNorm(width), mixer)
        self.feed = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, inputs: Float[Tensor, "T B W"]) -> Float[Tensor, "T B W"]:
        mixed: Tensor = inputs + self.mix(inputs)
        fed: Tensor = mixed + self.feed(mixed)
        return fed
