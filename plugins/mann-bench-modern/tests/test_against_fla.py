"""What flash-linear-attention computes step by step, in plain PyTorch. Its modules need Triton to be imported."""

import pytest
import torch
from torch.nn import functional

from mann_bench_modern.decaying_memory import chunked_decaying_memory, recurrent_decaying_memory
from mann_bench_modern.fast_weights import FastState, Learner, Outer, Rates, chunked_learning, recurrent_learning
from mann_bench_modern.gated_delta_rule import chunked_gated_delta_rule, recurrent_gated_delta_rule
from mann_bench_modern.rwkv7_rule import chunked_rwkv7, recurrent_rwkv7
from mann_bench_modern.ttt_linear import ResidualLinear

NAME = "flash-linear-attention"


def over_time(heads):
    """[B, H, T, ...] to [B, T, H, ...]."""
    return heads.transpose(1, 2)


def vectors(rng, *shape):
    return functional.normalize(torch.randn(*shape, generator=rng), dim=-1)


@pytest.mark.parametrize("form", [recurrent_gated_delta_rule, lambda *given: chunked_gated_delta_rule(*given, 16)])
@pytest.mark.parametrize("writes", [1, 2])
def test_gated_delta_product_is_that_of_fla(public, form, writes):
    fla = public("fla.ops.gated_delta_product.naive", NAME)
    rng = torch.Generator().manual_seed(0)
    queries, keys = vectors(rng, 2, 3, 41, 8), vectors(rng, 2, 3, 41 * writes, 8)
    values, strengths = (
        torch.randn(2, 3, 41 * writes, 6, generator=rng),
        2 * torch.rand(2, 3, 41 * writes, generator=rng),
    )
    log_decays, memory = -torch.rand(2, 3, 41, generator=rng), torch.randn(2, 3, 8, 6, generator=rng)
    given = (over_time(x) for x in (queries, keys, values, log_decays, strengths))
    expected, last = fla.naive_recurrent_gated_delta_product(
        *given, scale=1.0, initial_state=memory, num_householder=writes
    )
    spread = functional.pad(log_decays.unsqueeze(-1), (0, writes - 1)).flatten(2)
    answers, after = form(queries.repeat_interleave(writes, 2), keys, values, strengths, spread, memory)
    torch.testing.assert_close(over_time(answers[:, :, writes - 1 :: writes]), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(after, last, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("form", [recurrent_decaying_memory, lambda *given: chunked_decaying_memory(*given, 16)])
def test_the_state_space_of_mamba2_is_the_gated_linear_attention_of_fla(public, form):
    fla = public("fla.ops.simple_gla.naive", NAME)
    rng = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, 41, size, generator=rng) for size in (8, 8, 6))
    log_decays, memory = -torch.rand(2, 3, 41, generator=rng), torch.randn(2, 3, 8, 6, generator=rng)
    given = (over_time(x) for x in (queries, keys, values, log_decays))
    expected, last = fla.naive_recurrent_simple_gla(*given, scale=1.0, initial_state=memory)
    answers, after = form(queries, keys, values, log_decays, memory)
    torch.testing.assert_close(over_time(answers), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(after, last, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("form", [recurrent_rwkv7, lambda *given: chunked_rwkv7(*given, 16)])
def test_the_memory_of_rwkv7_is_that_of_fla(public, form):
    fla = public("fla.ops.generalized_delta_rule.dplr.naive", NAME)
    rng = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, 41, size, generator=rng) for size in (8, 8, 6))
    removed, rates = vectors(rng, 2, 3, 41, 8), torch.rand(2, 3, 41, 8, generator=rng)
    log_decays, memory = -0.6 * torch.rand(2, 3, 41, 8, generator=rng), torch.randn(2, 3, 8, 6, generator=rng)
    scaled = queries * 8**0.5  # fla divides by it
    expected, last = fla.dplr_recurrence(scaled, keys, values, -removed, rates * removed, log_decays, memory)
    answers, after = form(queries, removed, rates, keys, values, log_decays, memory)
    torch.testing.assert_close(answers, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(after, last, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("learning", [recurrent_learning, chunked_learning])
def test_ttt_linear_learns_what_that_of_fla_learns(public, learning):
    """Weights are compared: to its answers fla adds W q + b, where the paper and we add q."""
    fla = public("fla.ops.ttt.naive", NAME)
    rng = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, 48, 8, generator=rng) for _ in range(3))
    learner, weights = ResidualLinear(3, 8), 0.3 * torch.randn(2, 3, 9, 8, generator=rng)
    given = (over_time(x) for x in (queries, keys, values))
    norm = learner.scale.flatten(1), learner.offset.flatten(1)
    start = {"initial_state": weights[:, :, :8], "initial_state_bias": weights[:, :, 8:]}
    _, last, last_bias = fla.chunk_ttt_linear_ref(*given, *norm, 0.05, **start, output_final_state=True)
    state = FastState((weights,), (), (weights,), torch.zeros(2, dtype=torch.int64))
    rates = Rates(torch.full((2, 3, 48), 0.05), None, None)
    _, after = learning(learner, queries, keys, values, rates, state, 16)
    torch.testing.assert_close(after.weights[0], torch.cat([last, last_bias], dim=2), rtol=1e-4, atol=1e-5)


class LearnerOfFla(Learner):
    """The memory of fla's Titans: its loss has a layer norm in it, and a gradient of its own."""

    def gradients(self, keys, values, weights):
        sums = keys @ weights[0]
        deviation = (sums.var(-1, unbiased=False, keepdim=True) + 1e-6).sqrt()
        normed = (sums - sums.mean(-1, keepdim=True)) / deviation
        error, size = normed - (values - keys), keys.shape[-1]
        shared = error.sum(-1, keepdim=True) + normed * (error * normed).sum(-1, keepdim=True)
        return [Outer(keys, size * error - shared / (deviation * size))]

    def answer(self, queries, layers):
        answers = layers[0](queries)
        return answers + functional.layer_norm(answers, answers.shape[-1:], eps=1e-6)


@pytest.mark.parametrize("learning", [recurrent_learning, chunked_learning])
def test_momentum_and_forgetting_are_those_of_fla(public, learning):
    fla = public("fla.ops.titans.naive", NAME)
    rng = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, 48, 8, generator=rng) for _ in range(3))
    step, kept, momentum = (torch.rand(2, 3, 48, generator=rng) for _ in range(3))
    step, kept = 0.002 * step, 0.9 + 0.1 * kept
    given = [over_time(x) for x in (queries, keys, values)]
    gates = [over_time(x).unsqueeze(-1) for x in (step / 2, 1 - kept, momentum)]
    weights, norm = 0.3 * torch.randn(2, 3, 8, 8, generator=rng), (torch.ones(3, 8), torch.zeros(3, 8))
    expected, last = fla.chunk_titans_linear_ref(
        *given, *norm, *gates, initial_state=weights, output_final_state=True, use_chunk=False
    )
    state = FastState((weights,), (torch.zeros_like(weights),), (weights,), torch.zeros(2, dtype=torch.int64))
    rates = Rates(step, kept.log(), momentum.log())
    answers, after = learning(LearnerOfFla(), queries, keys, values, rates, state, 16)
    torch.testing.assert_close(over_time(answers), expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(after.weights[0], last, rtol=1e-3, atol=1e-4)
