import pytest
import torch
from torch.nn import functional

from mann_bench_baselines.delta_rule import chunked_delta_rule, recurrent_delta_rule

CHUNK = 8
STEPS = [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 1]


def draw(steps, *, dtype=torch.float64, key_width=5, value_width=3, strongest=1.0, same_keys=False):
    """Return queries, keys, values and strengths of 2 sequences and 3 heads."""
    rng = torch.Generator().manual_seed(steps)
    queries, keys = (torch.randn(2, 3, steps, key_width, generator=rng, dtype=torch.float64) for _ in range(2))
    keys = keys[:, :, :1].expand_as(keys) if same_keys else keys
    values = torch.randn(2, 3, steps, value_width, generator=rng, dtype=torch.float64)
    strengths = strongest * torch.rand(2, 3, steps, generator=rng, dtype=torch.float64)
    drawn = functional.normalize(queries, dim=-1), functional.normalize(keys, dim=-1), values, strengths
    return [tensor.to(dtype).requires_grad_() for tensor in drawn]


def gradients(outputs, given):
    weights = torch.linspace(-1, 1, outputs.numel(), dtype=outputs.dtype).view_as(outputs)
    return torch.autograd.grad((outputs * weights).sum(), given)


@pytest.mark.parametrize("strongest", [1.0, 2.0])
@pytest.mark.parametrize("steps", STEPS)
def test_both_forms_agree_in_float64(steps, strongest):
    given = draw(steps, strongest=strongest)
    torch.testing.assert_close(chunked_delta_rule(*given, CHUNK), recurrent_delta_rule(*given), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("strongest", [1.0, 2.0])
@pytest.mark.parametrize("steps", STEPS)
def test_gradients_of_both_forms_agree_in_float64(steps, strongest):
    given = draw(steps, strongest=strongest)
    chunked, recurrent = chunked_delta_rule(*given, CHUNK), recurrent_delta_rule(*given)
    torch.testing.assert_close(gradients(chunked, given), gradients(recurrent, given), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("same_keys", [False, True])
@pytest.mark.parametrize("form", [recurrent_delta_rule, lambda *given: chunked_delta_rule(*given, 32)])
def test_float32_stays_near_float64_over_241_steps(form, same_keys):
    given = draw(241, dtype=torch.float32, same_keys=same_keys)
    exact = [tensor.detach().double().requires_grad_() for tensor in given]
    outputs, expected = form(*given), recurrent_delta_rule(*exact)
    torch.testing.assert_close(outputs.double(), expected, rtol=1e-4, atol=1e-5)
    for got, wanted in zip(gradients(outputs, given), gradients(expected, exact), strict=True):
        assert (got.double() - wanted).norm() < 1e-5 * wanted.norm()


@pytest.mark.parametrize("steps", [1, 5, 300])
def test_any_chunk_size_will_do(steps):
    given = draw(steps)
    expected = recurrent_delta_rule(*given)
    for chunk_size in (1, 3, 64, 1000):
        torch.testing.assert_close(chunked_delta_rule(*given, chunk_size), expected)


def test_the_memory_is_that_of_the_equation():
    queries, keys, values, strengths = draw(6)
    memory = torch.zeros(3, 5, dtype=torch.float64)
    for t in range(6):
        key, value, strength = keys[0, 0, t], values[0, 0, t], strengths[0, 0, t]
        memory = memory @ (torch.eye(5) - strength * torch.outer(key, key)) + strength * torch.outer(value, key)
    answer = recurrent_delta_rule(queries, keys, values, strengths)[0, 0, -1]
    torch.testing.assert_close(answer, memory @ queries[0, 0, -1])


def test_a_full_write_replaces_what_its_key_had():
    keys = torch.eye(4)[[0, 1, 0, 2]].expand(1, 1, 4, 4)
    values = torch.arange(8.0).view(1, 1, 4, 2)
    queries = torch.eye(4)[0].expand(1, 1, 4, 4)
    answers = chunked_delta_rule(queries, keys, values, torch.ones(1, 1, 4), 4)[0, 0]
    assert torch.equal(answers, values[0, 0, [0, 0, 2, 2]])


def test_later_steps_do_not_change_earlier_answers():
    given = [tensor.detach() for tensor in draw(20)]
    changed = [tensor.clone() for tensor in given]
    for tensor in changed:
        tensor[:, :, 11:] *= 0.5
    before, after = (chunked_delta_rule(*each, CHUNK) for each in (given, changed))
    assert torch.equal(before[:, :, :11], after[:, :, :11])
    assert not torch.equal(before[:, :, 11], after[:, :, 11])
