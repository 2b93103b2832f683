"""Memories that are networks: gradients by hand are those of autograd, and answers those of the equations."""

import pytest
import torch

from mann_bench_modern.fast_weights import FastState, Rates, chunked_learning, recurrent_learning
from mann_bench_modern.titans import Perceptron
from mann_bench_modern.ttt_linear import ResidualLinear

CHUNK = 4


def learner_of(name):
    """Return a learner in float64 and the shapes of its weights, for 3 heads of 5 channels."""
    if name == "linear":
        learner = ResidualLinear(3, 5).double()
        torch.nn.init.normal_(learner.scale, 1.0, 0.3)
        torch.nn.init.normal_(learner.offset, 0.0, 0.3)
        return learner, [(6, 5)]
    return Perceptron(), [(5, 5)] * int(name)


def drawn(shapes, steps):
    rng = torch.Generator().manual_seed(steps)
    queries, keys, values = (torch.randn(2, 3, steps, 5, generator=rng).double() for _ in range(3))
    weights = tuple(0.5 * torch.randn(2, 3, *shape, generator=rng).double() for shape in shapes)
    step, kept, momentum = (torch.rand(2, 3, steps, generator=rng).double() for _ in range(3))
    rates = Rates(0.1 * step, (0.5 + 0.5 * kept).log(), momentum.log())
    still = tuple(torch.zeros_like(each) for each in weights)
    return queries, keys, values, rates, FastState(weights, still, weights, torch.zeros(2, dtype=torch.int64))


def apply(weights):
    return [lambda inputs, each=each: inputs @ each for each in weights]


@pytest.mark.parametrize("name", ["1", "2", "3", "linear"])
def test_gradients_are_those_of_autograd(name):
    torch.manual_seed(0)
    learner, shapes = learner_of(name)
    _, keys, values, _, state = drawn(shapes, 1)
    weights = [each.clone().requires_grad_() for each in state.weights]
    loss = (learner.answer(keys, apply(weights)) - values).square().sum() / 2
    mine = [outer.inputs.mT @ outer.errors for outer in learner.gradients(keys, values, tuple(weights))]
    torch.testing.assert_close(mine, list(torch.autograd.grad(loss, weights)))


@pytest.mark.parametrize("learning", [chunked_learning, recurrent_learning])
@pytest.mark.parametrize("name", ["2", "linear"])
def test_answers_are_those_of_the_equations(name, learning):
    torch.manual_seed(0)
    learner, shapes = learner_of(name)
    queries, keys, values, rates, state = drawn(shapes, 10)
    weights, momentum = list(state.weights), list(state.momentum)
    answers, _ = learning(learner, queries, keys, values, rates, state, CHUNK)
    for t in range(10):
        now, anchor = slice(t, t + 1), weights if t % CHUNK == 0 else anchor
        theta, kept, eta = (
            rates.step[..., now, None],
            rates.log_kept[..., now, None].exp(),
            rates.log_momentum[..., now, None].exp(),
        )
        outers = learner.gradients(keys[:, :, now], values[:, :, now], tuple(anchor))
        momentum = [eta * m - theta * o.inputs.mT @ o.errors for m, o in zip(momentum, outers, strict=True)]
        weights = [kept * w + m for w, m in zip(weights, momentum, strict=True)]
        torch.testing.assert_close(answers[:, :, now], learner.answer(queries[:, :, now], apply(weights)))


@pytest.mark.parametrize("name", ["1", "2", "linear"])
@pytest.mark.parametrize("steps", [1, 3, 4, 5, 11])
def test_both_forms_leave_the_same_state(name, steps):
    learner, shapes = learner_of(name)
    *given, state = drawn(shapes, steps)
    (_, mine), (_, theirs) = (
        learning(learner, *given, state, CHUNK) for learning in (chunked_learning, recurrent_learning)
    )
    for part, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(part, other)


def test_without_momentum_and_forgetting_a_step_is_one_of_gradient_descent():
    learner, shapes = learner_of("1")
    queries, keys, values, rates, state = drawn(shapes, 3)
    plain = Rates(rates.step, torch.zeros_like(rates.step), torch.full_like(rates.step, -1e3))
    bare = state._replace(momentum=())
    expected, _ = recurrent_learning(learner, queries, keys, values, plain, state, CHUNK)
    for learning in (chunked_learning, recurrent_learning):
        answers, after = learning(learner, queries, keys, values, Rates(rates.step, None, None), bare, CHUNK)
        torch.testing.assert_close(answers, expected)
        assert after.momentum == ()
