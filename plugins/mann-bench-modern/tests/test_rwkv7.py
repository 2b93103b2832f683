import pytest
import torch
from torch.nn import functional

from mann_bench_modern.rwkv7 import RWKV7Model
from mann_bench_modern.rwkv7_rule import chunked_rwkv7, recurrent_rwkv7


def drawn(steps, strongest=0.6):
    """Return queries, removed keys, rates, keys, values, decays and a memory of 2 sequences and 3 heads."""
    rng = torch.Generator().manual_seed(steps)
    queries, removed, keys, values = (torch.randn(2, 3, steps, size, generator=rng) for size in (5, 5, 5, 4))
    rates, log_decays = (
        torch.rand(2, 3, steps, 5, generator=rng),
        -strongest * torch.rand(2, 3, steps, 5, generator=rng),
    )
    given = queries, functional.normalize(removed, dim=-1), rates, keys, values, log_decays
    return [tensor.double().requires_grad_() for tensor in (*given, torch.randn(2, 3, 5, 4, generator=rng))]


def test_the_memory_is_that_of_the_equation():
    given = drawn(6)
    queries, removed, rates, keys, values, log_decays, memory = (tensor[0, 0] for tensor in given)
    state = memory.T
    for t in range(6):
        turn = torch.diag(log_decays[t].exp()) - torch.outer(removed[t], rates[t] * removed[t])
        state = state @ turn + torch.outer(values[t], keys[t])
    answers, after = recurrent_rwkv7(*given)
    torch.testing.assert_close(answers[0, 0, -1], state @ queries[-1])
    torch.testing.assert_close(after[0, 0], state.T)


@pytest.mark.parametrize("chunk_size", [1, 4, 7, 100])
def test_both_forms_leave_the_same_memory(chunk_size):
    given = drawn(20)
    torch.testing.assert_close(chunked_rwkv7(*given, chunk_size), recurrent_rwkv7(*given))


def test_the_longest_chunk_of_the_strongest_decays_is_exact_in_float32():
    given = drawn(64)
    given[5] = torch.full_like(given[5], -0.6065).requires_grad_()
    single = [tensor.detach().float() for tensor in given]
    answers, expected = chunked_rwkv7(*single, 64)[0], recurrent_rwkv7(*given)[0]
    torch.testing.assert_close(answers.double(), expected, rtol=1e-4, atol=1e-5)


def test_longer_chunks_are_an_error():
    with pytest.raises(ValueError, match="chunk_size must be at most 64, not 65"):
        RWKV7Model(3, 2, chunk_size=65)


def test_a_step_sees_the_one_before():
    torch.manual_seed(0)
    mixer = RWKV7Model(3, 2, width=6, heads=2, head_width=4, layers=1).layers.layers[0].mixer
    inputs, state = torch.randn(1, 2, 6), mixer.initial_state(2)
    outputs, after = mixer(inputs, state)
    others, _ = mixer(inputs, state._replace(last=torch.ones(2, 6)))
    assert not torch.equal(outputs, others)
    assert torch.equal(after.last, inputs[0])
