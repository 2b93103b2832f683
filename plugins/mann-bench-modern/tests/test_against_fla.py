"""What flash-linear-attention computes step by step, in plain PyTorch. Its modules need Triton to be imported."""

import pytest
import torch
from torch.nn import functional

from mann_bench_modern.decaying_memory import chunked_decaying_memory, recurrent_decaying_memory
from mann_bench_modern.gated_delta_rule import chunked_gated_delta_rule, recurrent_gated_delta_rule
from mann_bench_modern.rwkv7_rule import chunked_rwkv7, recurrent_rwkv7

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
