"""How much each head forgets in a step, as Mamba-2 and Gated DeltaNet have it."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench.nn import Uniform, start
from mann_bench_modern.layered import inverse_softplus

_SHORTEST, _LONGEST = 1e-3, 1e-1
"""Between these the time that a step takes starts."""

_LEAST_RATE, _GREATEST_RATE = 1.0, 16.0


class Timescales(nn.Module):
    """Time that passes in a step, and what it leaves of a memory.

    Gu & Dao 2023, https://arxiv.org/abs/2312.00752, with one rate a head:

        Delta_t = softplus(W x_t + b)
        log alpha_t = -exp(A) Delta_t

    The authors draw where the rates exp(A) and, at x_t = 0, the times Delta_t start. Here the rates of the heads are
    spread evenly from 1 to 16, and the times on a logarithmic scale from 0.001 to 0.1, because a draw for few heads
    leaves out long or short memories by chance. The first head keeps what it has for about 1,000 steps, the last for
    less than one.

    Args:
        width: channels of the inputs.
        heads: memories.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(heads, width))
        times = torch.logspace(math.log10(_SHORTEST), math.log10(_LONGEST), heads)
        self.bias = nn.Parameter(inverse_softplus(times))
        self.log_rate = nn.Parameter(torch.linspace(_LEAST_RATE, _GREATEST_RATE, heads).log())
        start(self, weight=Uniform(width**-0.5))

    def forward(self, inputs: Float[Tensor, "T B W"]) -> tuple[Float[Tensor, "T B H"], Float[Tensor, "T B H"]]:
        """Return Delta_t and the natural logarithm of alpha_t, 0 or less."""
        times = functional.softplus(functional.linear(inputs, self.weight, self.bias))
        return times, -self.log_rate.exp() * times
