"""What the public package rwkv7-hf computes step by step, in plain PyTorch; it needs transformers to be imported."""

import pytest
import torch
from torch.nn import functional

from mann_bench_modern.rwkv7_rule import chunked_rwkv7, recurrent_rwkv7

NAME = "rwkv7-hf"


@pytest.mark.parametrize("form", [recurrent_rwkv7, lambda *given: chunked_rwkv7(*given, 16)])
def test_the_memory_of_rwkv7_is_that_of_rwkv7_hf(public, form):
    operators = public("rwkv7_hf.ops_rwkv7", NAME)
    rng = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, 41, size, generator=rng) for size in (8, 8, 6))
    removed = functional.normalize(torch.randn(2, 3, 41, 8, generator=rng), dim=-1)
    rates, log_decays = torch.rand(2, 3, 41, 8, generator=rng), -0.6 * torch.rand(2, 3, 41, 8, generator=rng)
    memory = torch.randn(2, 3, 8, 6, generator=rng)
    told = (x.transpose(1, 2) for x in (queries, log_decays.exp(), keys, values, -removed, rates * removed))
    expected, last = operators.rwkv7_recurrent(*told, memory)
    answers, after = form(queries, removed, rates, keys, values, log_decays, memory)
    torch.testing.assert_close(answers.transpose(1, 2), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(after, last, rtol=1e-4, atol=1e-5)
