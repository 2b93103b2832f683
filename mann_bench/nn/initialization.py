"""How parameters start. Collier & Beel 2018 found that this decides whether an NTM learns at all."""

import math

import torch
from torch import Tensor, nn


def glorot_vector(*shape: int) -> nn.Parameter:
    """Return a parameter drawn as one vector of all its entries, Glorot-uniform with a fan-in of one."""
    limit = math.sqrt(6.0 / (1 + math.prod(shape)))
    return nn.Parameter(torch.empty(shape).uniform_(-limit, limit))


def truncated_normal_linear(in_features: int, out_features: int) -> nn.Linear:
    """Return a linear map: weights truncated normal with deviation 1/sqrt(in_features), biases zero."""
    linear = nn.Linear(in_features, out_features)
    deviation = 1.0 / math.sqrt(in_features)
    nn.init.trunc_normal_(linear.weight, std=deviation, a=-2 * deviation, b=2 * deviation)
    nn.init.zeros_(linear.bias)
    return linear


def clip_symmetric(values: Tensor, bound: float | None) -> Tensor:
    """Clamp to [-bound, bound]; the gradient passes at both ends. None leaves `values` as they are."""
    return values if bound is None else values.clamp(-bound, bound)
