"""What holds for every model of the suite."""

import pytest
import torch


@pytest.mark.parametrize(("steps", "batch"), [(7, 4), (4, 7), (1, 3), (5, 1)])
def test_logits_have_the_steps_and_sequences_of_the_inputs(model, draw, steps, batch):
    assert model(draw(steps, batch)).shape == (steps, batch, 2)


def test_the_same_seed_gives_the_same_initial_weights(build):
    first, second = build(3).state_dict(), build(3).state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_seed_gives_other_initial_weights(build):
    first, second = (torch.cat([p.flatten() for p in build(seed).parameters()]) for seed in (0, 1))
    assert not torch.equal(first, second)


def test_the_same_inputs_give_the_same_logits_again(model, draw):
    inputs = draw(7, 4)
    first = model(inputs)
    model(draw(5, 3))
    assert torch.equal(first, model(inputs))


@pytest.mark.parametrize("step", range(1, 6))
def test_inputs_do_not_change_earlier_logits(model, draw, step):
    inputs = draw(6, 4)
    changed = inputs.clone()
    changed[step:] = 1 - changed[step:]
    before, after = model(inputs), model(changed)
    assert torch.equal(before[:step], after[:step])
    assert not torch.equal(before[step], after[step])


def test_logits_depend_on_every_earlier_input(model, draw):
    inputs = draw(6, 4).requires_grad_()
    model(inputs)[-1].square().sum().backward()
    assert (inputs.grad.abs().sum((1, 2)) > 0).all()


def test_sequences_of_a_batch_do_not_depend_on_each_other(model, draw):
    inputs = draw(7, 4)
    alone = torch.cat([model(inputs[:, b : b + 1]) for b in range(4)], dim=1)
    torch.testing.assert_close(model(inputs), alone, rtol=1e-5, atol=1e-6)


def test_the_gradient_of_a_sequence_stays_with_it(model, draw):
    inputs = draw(7, 4).requires_grad_()
    model(inputs)[:, 2].square().sum().backward()
    assert inputs.grad.abs().sum((0, 2)).nonzero().flatten().tolist() == [2]


def test_the_gradient_reaches_every_parameter(model, draw):
    model(draw(7, 4)).square().sum().backward()
    unreached = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert unreached == []


@pytest.mark.parametrize("scale", [1e4, -1e4])
def test_logits_and_gradients_are_finite_on_large_inputs(model, draw, scale):
    logits = model(scale * draw(7, 4))
    logits.square().sum().backward()
    assert logits.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_logits_and_gradients_are_finite_on_empty_inputs(model):
    logits = model(torch.zeros(50, 2, 3))
    logits.square().sum().backward()
    assert logits.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_logits_do_not_depend_on_training_mode(model, draw):
    inputs = draw(7, 4)
    assert torch.equal(model.train()(inputs), model.eval()(inputs))


def test_weights_survive_a_state_dict(build, draw):
    first, second, inputs = build(0), build(1), draw(7, 4)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(inputs), second(inputs))


def test_the_initial_state_has_a_row_a_sequence(model):
    assert model.state_bytes() > 0
    assert _bytes(model.initial_state(5)) == 5 * model.state_bytes()


def _bytes(state):
    return state.nbytes if isinstance(state, torch.Tensor) else sum(map(_bytes, state))
