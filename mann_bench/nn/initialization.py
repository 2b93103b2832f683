"""How weights start. Collier & Beel 2018 found that this decides whether an NTM learns at all.

A module states the distribution of each tensor that starts at random (`start`). A module alone draws them from torch's
global generator, as torch's own do. `draw_weights` draws them again for a run's seed, the same on every processor.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mann_bench.core.streams import weight_generator
from mann_bench.nn.portable import Numbers, normals, uniforms


@dataclass(frozen=True)
class Uniform:
    """Uniform from -limit to limit."""

    limit: float

    def fill(self, tensor: Tensor) -> None:
        """Draw from torch's global generator."""
        tensor.uniform_(-self.limit, self.limit)

    def numbers(self, rng: np.random.Generator, count: int) -> Numbers:
        """Draw `count` numbers, the same on every processor."""
        return uniforms(rng, count, self.limit)


@dataclass(frozen=True)
class Normal:
    """Normal around zero; numbers beyond `most` deviations are drawn again."""

    deviation: float
    most: float = math.inf

    def fill(self, tensor: Tensor) -> None:
        """Draw from torch's global generator."""
        bound = self.most * self.deviation
        if math.isinf(bound):
            tensor.normal_(0.0, self.deviation)
        else:
            nn.init.trunc_normal_(tensor, std=self.deviation, a=-bound, b=bound)

    def numbers(self, rng: np.random.Generator, count: int) -> Numbers:
        """Draw `count` numbers, the same on every processor."""
        return self.deviation * normals(rng, count, self.most)


Start = Uniform | Normal


def glorot(fan_in: int, fan_out: int) -> Uniform:
    """Return the uniform distribution of Glorot & Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html"""
    return Uniform(math.sqrt(6.0 / (fan_in + fan_out)))


def start(module: nn.Module, **starts: Start) -> None:
    """State how parameters or buffers of `module` itself start, and draw them from torch's global generator.

    Args:
        module: the owner. Its other tensors start as they are.
        starts: a distribution for each tensor that starts at random, by its name.
    """
    module._starts = starts  # type: ignore[assignment]
    with torch.no_grad():
        for name, distribution in starts.items():
            distribution.fill(getattr(module, name))


def draw_weights(model: nn.Module, seed: int) -> None:
    """Draw the weights of a model anew, the same numbers for a seed on every processor and with every version of torch.

    What a tensor starts with depends on the seed and on its name in the model, and not on what else the model has.
    Tensors start as their modules state with `start`; torch's linear and recurrent layers start as torch has it. Of any
    other module, the parameters must be constant, such as ones or zeros, and stay so.

    Raises:
        ValueError: a module has a parameter that is not constant, and does not state how it starts.
    """
    for path, module in model.named_modules():
        for name, distribution in _starts(module, path).items():
            tensor = getattr(module, name)
            rng = weight_generator(seed, f"{path}.{name}" if path else name)
            with torch.no_grad():
                tensor.copy_(torch.from_numpy(distribution.numbers(rng, tensor.numel())).view(tensor.shape))


def truncated_normal_linear(in_features: int, out_features: int) -> nn.Linear:
    """Return a linear map: weights truncated normal with deviation 1/sqrt(in_features), biases zero."""
    linear = nn.Linear(in_features, out_features)
    nn.init.zeros_(linear.bias)
    start(linear, weight=Normal(1.0 / math.sqrt(in_features), most=2.0))
    return linear


def clip_symmetric(values: Tensor, bound: float | None) -> Tensor:
    """Clamp to [-bound, bound]; the gradient passes at both ends. None leaves `values` as they are."""
    return values if bound is None else values.clamp(-bound, bound)


def _starts(module: nn.Module, path: str) -> Mapping[str, Start]:
    stated: Mapping[str, Start] | None = vars(module).get("_starts")
    if stated is not None:
        return stated
    own = dict(module.named_parameters(recurse=False))
    if type(module) is nn.Linear:
        return dict.fromkeys(own, Uniform(1.0 / math.sqrt(module.in_features)))
    if isinstance(module, nn.RNNBase) and type(module) in (nn.RNN, nn.LSTM, nn.GRU):
        return dict.fromkeys(own, Uniform(1.0 / math.sqrt(module.hidden_size)))
    for name, parameter in own.items():
        if parameter.numel() and not bool((parameter == parameter.flatten()[0]).all()):
            raise ValueError(
                f"{type(module).__name__} {path!r} does not state how its parameter {name!r} starts. "
                "Call mann_bench.nn.start in its __init__ with a distribution for each tensor that starts at random."
            )
    return {}
