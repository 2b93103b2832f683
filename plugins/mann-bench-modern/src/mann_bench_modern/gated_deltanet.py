"""Gated DeltaNet and Gated DeltaProduct: a linear Transformer whose memory forgets and is written by the delta rule."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from mann_bench import require_one_of, require_positive
from mann_bench_modern.gated_delta_rule import chunked_gated_delta_rule, recurrent_gated_delta_rule
from mann_bench_modern.layered import (
    EPSILON,
    CausalConvolution,
    LayeredModel,
    Layers,
    Mixer,
    join_heads,
    split_heads,
    unit,
)
from mann_bench_modern.timescales import Timescales

Form = Literal["chunked", "recurrent"]

Rule = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


class GatedDeltaNetModel(LayeredModel):
    """A linear Transformer with the gated delta rule (Yang et al. 2024, section 3.4, https://arxiv.org/abs/2412.06464).

    Each head of a layer has a memory of `head_width` x `head_width`. With `householder` above 1, a step
    writes that often, and forgets once: Gated DeltaProduct (Siems et al. 2025, https://arxiv.org/abs/2502.10297).
    The layers are those of `mann_bench_modern.layered.Layers`: the feedforward network has GELUs where the paper
    has SwiGLU.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        layers: layers of memory and feedforward network, 1 or more.
        width: channels between layers, 1 or more; None takes the width that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task, with the other options as given.
        heads: memories of a layer, 1 or more.
        head_width: channels of a memory's queries, keys and values, 1 or more. It does not depend on `width`.
        feedforward: hidden units of the feedforward networks, in units of `width`, above 0; None has no such networks.
        convolution: steps that the short causal convolution before queries, keys and values spans, 1 or more.
        negative_eigenvalues: whether a write's strength goes up to 2 and not up to 1, so that the eigenvalues of a
            step lie in [-1, 1] (Grazzi et al. 2024, https://arxiv.org/abs/2411.12537).
        householder: writes of a step, 1 or more: its transition is the product of that many generalised
            Householder matrices.
        form: ``chunked`` computes chunks of writes in parallel, ``recurrent`` one after the other. They agree to
            rounding.
        chunk_size: the most writes of a chunk, 1 or more.
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
        convolution: int = 4,
        negative_eigenvalues: bool = False,
        householder: int = 1,
        form: Form = "chunked",
        chunk_size: int = 16,
    ) -> None:
        require_positive(layers=layers, width=width, heads=heads, head_width=head_width, feedforward=feedforward)
        require_positive(convolution=convolution, householder=householder, chunk_size=chunk_size)
        require_one_of(form=(form, Form))
        chunked = partial(chunked_gated_delta_rule, chunk_size=chunk_size)
        mixer = partial(
            GatedDeltaMemory,
            heads=heads,
            head_width=head_width,
            convolution=convolution,
            strongest=2.0 if negative_eigenvalues else 1.0,
            writes=householder,
            rule=chunked if form == "chunked" else recurrent_gated_delta_rule,
        )
        build = partial(Layers, input_size, output_size, layers=layers, feedforward=feedforward, mixer=mixer)
        super().__init__(input_size, output_size, width, build)


class DeltaState(NamedTuple):
    """What a layer carries from step to step."""

    memory: Float[Tensor, "B H K V"]
    past: Float[Tensor, "S B C"]
    """The last inputs of the convolution."""


class GatedDeltaMemory(Mixer):
    """Heads that forget, write to and read from memories of their own (Yang et al. 2024, section 3.4).

    Queries, keys and values pass a short causal convolution and SiLU; queries and keys are then made unit vectors.
    Answers are normalised by their root mean square, head by head, gated, and mapped to the outputs.

    Args:
        width: channels of inputs and outputs.
        heads: memories.
        head_width: channels of a memory's queries, keys and values.
        convolution: steps that the convolution spans.
        strongest: the upper bound of a write's strength, 1 or 2.
        writes: writes of a step.
        rule: a form of the gated delta rule.
    """

    def __init__(
        self, width: int, heads: int, head_width: int, convolution: int, strongest: float, writes: int, rule: Rule
    ) -> None:
        super().__init__()
        self.heads, self.head_width, self.strongest, self.writes, self.rule = heads, head_width, strongest, writes, rule
        channels = (1 + 2 * writes) * heads * head_width
        self.project = nn.Linear(width, channels, bias=False)
        self.convolution = CausalConvolution(channels, convolution)
        self.strength = nn.Linear(width, heads * writes)
        self.forget = Timescales(width, heads)
        self.norm = nn.RMSNorm(head_width, eps=EPSILON)
        self.gate = nn.Linear(width, heads * head_width, bias=False)
        self.merge = nn.Linear(heads * head_width, width, bias=False)

    def initial_state(self, batch_size: int) -> DeltaState:
        """Return empty memories."""
        memory = self.project.weight.new_zeros(batch_size, self.heads, self.head_width, self.head_width)
        return DeltaState(memory, self.convolution.initial_state(batch_size))

    def forward(self, inputs: Float[Tensor, "T B W"], state: DeltaState) -> tuple[Float[Tensor, "T B W"], DeltaState]:
        """Forget, write, then read, step after step."""
        convolved, past = self.convolution(self.project(inputs), state.past)
        channels = torch.split(functional.silu(convolved), self.heads * self.head_width, dim=2)
        queries, *written = (split_heads(each, self.heads) for each in channels)
        keys, values = self._in_turn(written[: self.writes]), self._in_turn(written[self.writes :])
        strengths = self.strongest * self.strength(inputs).sigmoid()
        strengths = self._in_turn(list(strengths.unflatten(2, (self.writes, self.heads, 1)).permute(2, 1, 3, 0, 4)))
        log_decays = self.forget(inputs)[1].permute(1, 2, 0)
        if self.writes > 1:
            queries = queries.repeat_interleave(self.writes, dim=2)
            # A step forgets before its first write.
            log_decays = functional.pad(log_decays.unsqueeze(-1), (0, self.writes - 1)).flatten(2)
        answers, memory = self.rule(unit(queries), unit(keys), values, strengths.squeeze(-1), log_decays, state.memory)
        answers = join_heads(self.norm(answers[:, :, self.writes - 1 :: self.writes]))
        outputs: Tensor = self.merge(answers * functional.silu(self.gate(inputs)))
        return outputs, DeltaState(memory, past)

    def _in_turn(self, writes: list[Tensor]) -> Float[Tensor, "B H TN D"]:
        """Put the writes [B, H, T, D] of each step one after the other."""
        return writes[0] if len(writes) == 1 else torch.stack(writes, dim=3).flatten(2, 3)
