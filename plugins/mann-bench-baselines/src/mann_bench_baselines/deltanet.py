"""DeltaNet: a Transformer whose attention is an associative memory of fixed size."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import OptionValue, SequenceModule, match_ntm, require_one_of, require_positive
from mann_bench_baselines.delta_rule import chunked_delta_rule, recurrent_delta_rule
from mann_bench_baselines.residual import ResidualStack

Form = Literal["chunked", "recurrent"]

DeltaRule = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]

_EPSILON = 1e-6


class DeltaNetModel(SequenceModule):
    """A linear Transformer with the delta rule (Schlag et al. 2021; architecture of Yang et al. 2024, section 3.3).

    The inputs are mapped to `width` channels, pass the layers of a `ResidualStack` and are mapped to the
    logits. Each head of a layer has a memory of `head_width` x `head_width`.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of memory and feedforward network, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: memories of a layer, 1 or more.
        head_width: channels of a memory's queries, keys and values, 1 or more. It does not depend on `width`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0.
        convolution: steps that the short causal convolution before queries, keys and values spans, 1 or
            more; None has no convolution.
        negative_eigenvalues: whether a write's strength goes up to 2 and not up to 1, so that one can turn what
            a key has into its negative (Grazzi et al. 2024, https://arxiv.org/abs/2411.12537).
        form: ``chunked`` computes chunks of steps in parallel, ``recurrent`` one step after the other. They
            agree to rounding.
        chunk_size: the most steps of a chunk, 1 or more.
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
        convolution: int | None = 4,
        negative_eigenvalues: bool = False,
        form: Form = "chunked",
        chunk_size: int = 32,
    ) -> None:
        super().__init__(input_size, output_size)
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(convolution=convolution, chunk_size=chunk_size)
        require_one_of(form=(form, Form))
        self._details: dict[str, OptionValue] = {}
        if width is None:
            build = partial(
                DeltaNetModel,
                layers=layers,
                heads=heads,
                head_width=head_width,
                feedforward=feedforward,
                convolution=convolution,
            )
            match = match_ntm(lambda size: build(input_size, output_size, width=size), input_size, output_size)
            width, self._details = match.size, match.details("width")
        rule = recurrent_delta_rule if form == "recurrent" else partial(chunked_delta_rule, chunk_size=chunk_size)
        strongest = 2.0 if negative_eigenvalues else 1.0
        memories = [DeltaMemory(width, heads, head_width, convolution, strongest, rule) for _ in range(layers)]
        self.embedding = nn.Linear(input_size, width)
        self.stack = ResidualStack(memories, width, feedforward)
        self.readout = nn.Linear(width, output_size)

    def details(self) -> dict[str, OptionValue]:
        """Return the width that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def initial_state(self, batch_size: int) -> tuple[tuple[Tensor, Tensor], ...]:
        """Return what each layer would carry from step to step: its memories and what its convolution remembers."""
        return tuple(memory.initial_state(batch_size) for memory in self.modules() if isinstance(memory, DeltaMemory))

    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return the logits for every time step."""
        logits: Tensor = self.readout(self.stack(self.embedding(inputs)))
        return logits


class DeltaMemory(nn.Module):
    """Heads that write to and read from memories of their own (Yang et al. 2024, section 3.3).

    Queries, keys and values pass a short causal convolution and SiLU; queries and keys are then made unit vectors.
    Answers are normalised by their root mean square, head by head, and mapped to the outputs.

    Args:
        width: channels of inputs and outputs.
        heads: memories.
        head_width: channels of a memory's queries, keys and values.
        convolution: steps that the convolution spans, or None.
        strongest: the upper bound of a write's strength, 1 or 2.
        rule: queries, keys, values and strengths to answers: a form of the delta rule.
    """

    def __init__(
        self, width: int, heads: int, head_width: int, convolution: int | None, strongest: float, rule: DeltaRule
    ) -> None:
        super().__init__()
        self.heads, self.head_width, self.strongest, self.rule = heads, head_width, strongest, rule
        channels = 3 * heads * head_width
        self.project = nn.Linear(width, channels, bias=False)
        self.convolution = None if convolution is None else CausalConvolution(channels, convolution)
        self.strength = nn.Linear(width, heads)
        self.norm = nn.RMSNorm(head_width, eps=_EPSILON)
        self.merge = nn.Linear(heads * head_width, width)

    def initial_state(self, batch_size: int) -> tuple[Tensor, Tensor]:
        """Return empty memories [B, heads, keys, values] and the convolution's last inputs [steps, B, channels]."""
        zeros = self.project.weight.new_zeros
        steps = 0 if self.convolution is None else self.convolution.steps - 1
        memories = zeros(batch_size, self.heads, self.head_width, self.head_width)
        return memories, zeros(steps, batch_size, self.project.out_features)

    def forward(self, inputs: Float[Tensor, "T B W"]) -> Float[Tensor, "T B W"]:
        """Write, then read, step after step from empty memories."""
        projected = self.project(inputs)
        if self.convolution is not None:
            projected = self.convolution(projected)
        heads = functional.silu(projected).reshape(*inputs.shape[:2], 3, self.heads, self.head_width)
        queries, keys, values = heads.permute(2, 1, 3, 0, 4)  # [B, H, T, D] each
        strengths = self.strongest * self.strength(inputs).sigmoid().permute(1, 2, 0)
        answers = self.rule(_unit(queries), _unit(keys), values, strengths)
        merged: Tensor = self.merge(self.norm(answers).permute(2, 0, 1, 3).flatten(2))
        return merged


class CausalConvolution(nn.Module):
    """A sum of each channel's last few values, weighted by weights of its own.

    Args:
        channels: of inputs and outputs.
        steps: how many values, the present one included.
    """

    def __init__(self, channels: int, steps: int) -> None:
        super().__init__()
        self.steps = steps
        # As `torch.nn.Conv1d` starts with one channel a group.
        self.weight = nn.Parameter(torch.empty(steps, channels).uniform_(-(steps**-0.5), steps**-0.5))

    def forward(self, inputs: Float[Tensor, "T B C"]) -> Float[Tensor, "T B C"]:
        """Convolve, from zeros before the first step."""
        padded = functional.pad(inputs, (0, 0, 0, 0, self.steps - 1, 0))
        first, *others = (padded[step : step + len(inputs)] * weight for step, weight in enumerate(self.weight))
        total: Tensor = sum(others, first)
        return total


def _unit(vectors: Float[Tensor, "*any D"]) -> Float[Tensor, "*any D"]:
    """Divide by the Euclidean norm; a zero vector stays zero, and its gradient finite."""
    return vectors * (vectors.square().sum(-1, keepdim=True) + _EPSILON).rsqrt()
