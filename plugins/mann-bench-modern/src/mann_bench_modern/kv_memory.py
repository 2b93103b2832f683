"""A memory of slots with product keys, whose values are written while it reads."""

import math
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import require_one_of, require_positive
from mann_bench.nn import Uniform, start
from mann_bench_modern.gated_delta_rule import chunked_gated_delta_rule, recurrent_gated_delta_rule
from mann_bench_modern.gated_deltanet import DeltaState, Rule
from mann_bench_modern.layered import (
    EPSILON,
    CausalConvolution,
    LayeredModel,
    Layers,
    Mixer,
    join_heads,
    split_heads,
)
from mann_bench_modern.product_keys import address

Form = Literal["chunked", "recurrent"]


class KVMemoryModel(LayeredModel):
    """Layers of slots that are found by product keys (Lample et al. 2019, https://arxiv.org/abs/1907.05242).

    The values of the slots are fast weights, as in Zhao & Jones 2026 (https://arxiv.org/abs/2601.00671). They start
    empty, and a step writes by the delta rule, w_i the weight of slot i at its key, r the answer to that key, beta in
    [0, 1] and v the value:

        V_i = V_i + beta w_i (v - r)

    A query is answered with the mean of the slots, by its own weights, after the write. The keys of the slots are
    learned and stay as they are while a sequence is read; in the paper of 2026 they too are fast weights, memories are
    written a chunk at a time, and the value of a step is stored at the key of the step before. The layers are those of
    `mann_bench_modern.layered.Layers`.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of memory and feedforward network, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: memories of a layer, 1 or more.
        head_width: channels of a memory's queries, keys and values, even. It does not depend on `width`.
        memory_slots: slots of a memory, a square.
        active_slots: slots that a step reads, and slots that it writes, 1 to `memory_slots`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0; None has no such networks.
        convolution: steps that the short causal convolution before queries, keys and values spans, 1 or more.
        form: ``chunked`` computes chunks of steps in parallel, ``recurrent`` one after the other. They agree to
            rounding.
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
        memory_slots: int = 64,
        active_slots: int = 8,
        feedforward: float | None = 4.0,
        convolution: int = 4,
        form: Form = "chunked",
        chunk_size: int = 16,
    ) -> None:
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(memory_slots=memory_slots, active_slots=active_slots)
        require_positive(convolution=convolution, chunk_size=chunk_size)
        require_one_of(form=(form, Form))
        if head_width % 2:
            raise ValueError(f"head_width must be even, not {head_width}: a query has two halves")
        if math.isqrt(memory_slots) ** 2 != memory_slots:
            raise ValueError(f"memory_slots must be a square, such as 64, not {memory_slots}: keys come in pairs")
        if active_slots > memory_slots:
            raise ValueError(f"active_slots must be at most memory_slots ({memory_slots}), not {active_slots}")
        chunked = partial(chunked_gated_delta_rule, chunk_size=chunk_size)
        mixer = partial(
            KVMemory,
            heads=heads,
            head_width=head_width,
            slots=memory_slots,
            active=active_slots,
            convolution=convolution,
            rule=chunked if form == "chunked" else recurrent_gated_delta_rule,
        )
        build = partial(Layers, input_size, output_size, layers=layers, feedforward=feedforward, mixer=mixer)
        super().__init__(input_size, output_size, width, build)


class KVMemory(Mixer):
    """Heads that write to and read from slots of their own.

    With weights for keys, the memory is that of the delta rule without forgetting: weights are at most 1 in all, so no
    write makes what is in memory larger. Queries, keys and values pass a short causal convolution. Answers are
    normalised by their root mean square, head by head, gated, and mapped to the outputs.

    Args:
        width: channels of inputs and outputs.
        heads: memories.
        head_width: channels of a memory's queries, keys and values.
        slots: of a memory.
        active: slots that a step reads, and slots that it writes.
        convolution: steps that the convolution spans.
        rule: a form of the gated delta rule.
    """

    def __init__(
        self, width: int, heads: int, head_width: int, slots: int, active: int, convolution: int, rule: Rule
    ) -> None:
        super().__init__()
        self.heads, self.slots, self.active, self.rule = heads, slots, active, rule
        channels = heads * head_width
        self.project = nn.Linear(width, 3 * channels, bias=False)
        self.convolution = CausalConvolution(3 * channels, convolution)
        self.half_keys = nn.Parameter(torch.empty(2, heads, math.isqrt(slots), head_width // 2))
        start(self, half_keys=Uniform(1.0))
        self.strength = nn.Linear(width, heads)
        self.norm = nn.RMSNorm(head_width, eps=EPSILON)
        self.gate = nn.Linear(width, channels, bias=False)
        self.merge = nn.Linear(channels, width, bias=False)

    def initial_state(self, batch_size: int) -> DeltaState:
        """Return empty slots."""
        memory = self.half_keys.new_zeros(batch_size, self.heads, self.slots, 2 * self.half_keys.shape[3])
        return DeltaState(memory, self.convolution.initial_state(batch_size))

    def forward(self, inputs: Float[Tensor, "T B W"], state: DeltaState) -> tuple[Float[Tensor, "T B W"], DeltaState]:
        """Write, then read, step after step."""
        convolved, past = self.convolution(self.project(inputs), state.past)
        queries, keys, values = (split_heads(each, self.heads) for each in convolved.chunk(3, dim=2))
        reading, writing = (address(each, self.half_keys, self.active) for each in (queries, keys))
        strengths = self.strength(inputs).sigmoid().permute(1, 2, 0)
        answers, memory = self.rule(reading, writing, values, strengths, torch.zeros_like(strengths), state.memory)
        outputs: Tensor = self.merge(join_heads(self.norm(answers)) * functional.silu(self.gate(inputs)))
        return outputs, DeltaState(memory, past)
