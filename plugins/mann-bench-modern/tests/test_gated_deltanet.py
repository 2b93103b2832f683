import pytest
import torch
from torch.nn import functional

from mann_bench_modern.gated_delta_rule import chunked_gated_delta_rule, recurrent_gated_delta_rule
from mann_bench_modern.gated_deltanet import GatedDeltaNetModel


def drawn(steps, *, dtype=torch.float64, strongest=1.0):
    """Return queries, keys, values, strengths, decays and a memory of 2 sequences and 3 heads."""
    rng = torch.Generator().manual_seed(steps)
    queries, keys = (functional.normalize(torch.randn(2, 3, steps, 5, generator=rng), dim=-1) for _ in range(2))
    values = torch.randn(2, 3, steps, 4, generator=rng)
    strengths = strongest * torch.rand(2, 3, steps, generator=rng)
    log_decays = -torch.rand(2, 3, steps, generator=rng)
    memory = torch.randn(2, 3, 5, 4, generator=rng)
    return [tensor.to(dtype).requires_grad_() for tensor in (queries, keys, values, strengths, log_decays, memory)]


def test_the_memory_is_that_of_the_equation():
    given = drawn(6)
    queries, keys, values, strengths, log_decays, memory = (tensor[0, 0] for tensor in given)
    state = memory.T
    for t in range(6):
        turn = torch.eye(5) - strengths[t] * torch.outer(keys[t], keys[t])
        state = log_decays[t].exp() * state @ turn + strengths[t] * torch.outer(values[t], keys[t])
    answers, after = recurrent_gated_delta_rule(*given)
    torch.testing.assert_close(answers[0, 0, -1], state @ queries[-1])
    torch.testing.assert_close(after[0, 0], state.T)


@pytest.mark.parametrize("chunk_size", [1, 4, 7, 100])
def test_both_forms_leave_the_same_memory(chunk_size):
    given = drawn(20, strongest=2.0)
    _, memory = chunked_gated_delta_rule(*given, chunk_size)
    torch.testing.assert_close(memory, recurrent_gated_delta_rule(*given)[1])


@pytest.mark.parametrize("form", [recurrent_gated_delta_rule, lambda *given: chunked_gated_delta_rule(*given, 32)])
def test_decays_that_leave_nothing_have_finite_gradients(form):
    given = drawn(40, dtype=torch.float32)
    given[4] = torch.full((2, 3, 40), -200.0, requires_grad=True)
    answers, _ = form(*given)
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(answers.square().sum(), given))


def test_two_writes_of_a_step_can_turn_what_is_stored_in_a_plane():
    """The product of two reflections is a rotation, which no single write with eigenvalues in [-1, 1] makes."""
    angle = torch.tensor(0.3)
    keys = torch.stack([torch.tensor([1.0, 0.0]), torch.stack([angle.cos(), angle.sin()])]).view(1, 1, 2, 2)
    nothing, strongest = torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2), 2.0)
    _, memory = recurrent_gated_delta_rule(
        nothing, keys, nothing, strongest, torch.zeros(1, 1, 2), torch.eye(2)[None, None]
    )
    turned = torch.tensor([[(2 * angle).cos(), -(2 * angle).sin()], [(2 * angle).sin(), (2 * angle).cos()]])
    torch.testing.assert_close(memory[0, 0], turned)


def test_a_step_forgets_once_however_often_it_writes():
    seen = []
    torch.manual_seed(0)
    model = GatedDeltaNetModel(3, 2, width=6, heads=2, head_width=4, layers=1, householder=3)
    mixer = model.layers.layers[0].mixer
    mixer.rule = lambda *given: seen.append(given[4]) or recurrent_gated_delta_rule(*given)
    model(torch.rand(5, 2, 3))
    (log_decays,) = seen
    assert log_decays.shape == (2, 2, 15)
    assert [bool(step.any()) for step in log_decays.unbind(-1)] == [True, False, False] * 5


@pytest.mark.parametrize(("negative_eigenvalues", "strongest"), [(False, 1.0), (True, 2.0)])
def test_strengths_stay_within_their_bound(negative_eigenvalues, strongest):
    seen = []
    model = GatedDeltaNetModel(
        3, 2, width=6, heads=2, head_width=4, layers=1, negative_eigenvalues=negative_eigenvalues
    )
    mixer = model.layers.layers[0].mixer
    torch.nn.init.constant_(mixer.strength.bias, 50.0)
    mixer.rule = lambda *given: seen.append(given[3]) or recurrent_gated_delta_rule(*given)
    model(torch.rand(5, 2, 3))
    assert torch.equal(seen[0], torch.full((2, 2, 5), strongest))
