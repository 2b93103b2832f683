"""RWKV-7: a recurrent network whose memory evolves by a generalised delta rule."""

import math
from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench import require_one_of, require_positive
from mann_bench.nn import start
from mann_bench_modern.layered import EPSILON, LayeredModel, Layers, Mixer, join_heads, split_heads, unit
from mann_bench_modern.rwkv7_rule import chunked_rwkv7, recurrent_rwkv7

Form = Literal["chunked", "recurrent"]

Rule = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]

_STRONGEST = math.exp(-0.5)
"""A step leaves exp(-_STRONGEST), 0.545, of a channel at the least, as in the paper."""

_LONGEST_CHUNK = 64
"""With more steps, what is left of a chunk's first step could be too small for float32."""


class RWKV7Model(LayeredModel):
    """Layers of RWKV-7 (Peng et al. 2025, https://arxiv.org/abs/2503.14456).

    Each head of a layer has a memory of `head_width` x `head_width`. The layers are those of
    `mann_bench_modern.layered.Layers`: the feedforward network sees the present step alone and has GELUs, where that of
    the paper sees the step before, too, and has squared ReLUs. Values are not mixed with those of the first layer.
    Weights start as torch's linear maps do, and the decays of a head are spread evenly, where the authors have rules
    for each.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of memory and feedforward network, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: memories of a layer, 1 or more.
        head_width: channels of a memory's queries, keys and values, 1 or more. It does not depend on `width`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0; None has no such networks.
        rank: hidden units of the small networks that decide on decays, rates and gates, 1 or more.
        form: ``chunked`` computes chunks of steps in parallel, ``recurrent`` one after the other. They agree to
            rounding.
        chunk_size: the most steps of a chunk, 1 to 64.
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
        rank: int = 8,
        form: Form = "chunked",
        chunk_size: int = 16,
    ) -> None:
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(rank=rank, chunk_size=chunk_size)
        require_one_of(form=(form, Form))
        if chunk_size > _LONGEST_CHUNK:
            raise ValueError(f"chunk_size must be at most {_LONGEST_CHUNK}, not {chunk_size}")
        rule = partial(chunked_rwkv7, chunk_size=chunk_size) if form == "chunked" else recurrent_rwkv7
        mixer = partial(TimeMix, heads=heads, head_width=head_width, rank=rank, rule=rule)
        build = partial(Layers, input_size, output_size, layers=layers, feedforward=feedforward, mixer=mixer)
        super().__init__(input_size, output_size, width, build)


class RWKV7State(NamedTuple):
    """What a layer carries from step to step."""

    memory: Float[Tensor, "B H K V"]
    last: Float[Tensor, "B W"]
    """The inputs of the step before."""


class TimeMix(Mixer):
    """Heads that write to and read from memories of their own (Peng et al. 2025).

    Everything that a head is told sees the inputs of a step, mixed with those of the step before by channel. Answers
    are normalised head by head; a bonus for the present value is added, and all of it is gated and mapped to the
    outputs.

    Args:
        width: channels of inputs and outputs.
        heads: memories.
        head_width: channels of a memory's queries, keys and values.
        rank: hidden units of the small networks.
        rule: a form of the recurrence.
    """

    def __init__(self, width: int, heads: int, head_width: int, rank: int, rule: Rule) -> None:
        super().__init__()
        self.heads, self.head_width, self.rule = heads, head_width, rule
        channels = heads * head_width
        self.shift = nn.Parameter(torch.full((6, width), 0.5))
        self.query, self.key, self.value = (nn.Linear(width, channels, bias=False) for _ in range(3))
        self.decay = _small(width, rank, channels, nn.Tanh())
        self.rate = _small(width, rank, channels)
        self.gate = _small(width, rank, channels, nn.Sigmoid())
        # At first the channels of a head keep from 0.9985 to 0.64 of what they hold in a step.
        self.decay_bias = nn.Parameter(torch.linspace(-6.0, 1.0, head_width).repeat(heads))
        start(self)
        self.removal = nn.Parameter(torch.ones(channels))
        self.replacement = nn.Parameter(torch.ones(channels))
        self.bonus = nn.Parameter(torch.zeros(heads, 1, head_width))
        self.norm = nn.LayerNorm(head_width, eps=EPSILON)
        self.merge = nn.Linear(channels, width, bias=False)

    def initial_state(self, batch_size: int) -> RWKV7State:
        """Return empty memories, and a step of zeros before the first."""
        zeros = self.shift.new_zeros
        memory = zeros(batch_size, self.heads, self.head_width, self.head_width)
        return RWKV7State(memory, zeros(batch_size, self.shift.shape[1]))

    def forward(self, inputs: Float[Tensor, "T B W"], state: RWKV7State) -> tuple[Float[Tensor, "T B W"], RWKV7State]:
        """Take out, write, then read, step after step."""
        change = torch.cat([state.last.unsqueeze(0), inputs[:-1]]) - inputs
        shifted = [inputs + change * share for share in self.shift.unbind(0)]
        layers = (self.query, self.key, self.value, self.decay, self.rate, self.gate)
        queries, keys, values, decays, rates, gates = (layer(x) for layer, x in zip(layers, shifted, strict=True))
        rates, log_decays = rates.sigmoid(), -_STRONGEST * (self.decay_bias + decays).sigmoid()
        removed = keys * self.removal
        keys = keys * (1 + (rates - 1) * self.replacement)
        told = (split_heads(each, self.heads) for each in (queries, removed, rates, keys, values, log_decays))
        queries, removed, rates, keys, values, log_decays = told
        answers, memory = self.rule(queries, unit(removed), rates, keys, values, log_decays, state.memory)
        bonus = (queries * keys * self.bonus).sum(-1, keepdim=True) * values
        outputs: Tensor = self.merge(join_heads(self.norm(answers) + bonus) * gates)
        return outputs, RWKV7State(memory, inputs[-1])


def _small(width: int, rank: int, channels: int, *between: nn.Module) -> nn.Sequential:
    """Return a network with a hidden layer of few units."""
    return nn.Sequential(nn.Linear(width, rank, bias=False), *between, nn.Linear(rank, channels))
