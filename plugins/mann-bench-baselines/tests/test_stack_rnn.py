import numpy as np
import pytest
import torch

from mann_bench_baselines.stack_rnn import StackRNNModel, StackState

PUSH, POP, NOOP = range(3)


@pytest.fixture
def build():
    """Build a small model from seed 0, with options changed."""

    def make(**options):
        torch.manual_seed(0)
        return StackRNNModel(3, 2, **({"hidden_size": 5, "stacks": 2, "stack_depth": 4} | options))

    return make


@pytest.fixture
def act(build):
    """Let both stacks do an action for certain, pushing 1 where they push; return the stacks after it."""

    def do(action, stacks, **options):
        model = build(**options)
        torch.nn.init.zeros_(model.control.weight)
        bias = model.control.bias.detach().view(2, -1)
        bias[:] = -100.0
        bias[:, [0, 1 + action]] = 100.0
        _, state = model.step(torch.zeros(1, 3), StackState(torch.zeros(1, 5), stacks))
        return state.stacks

    return do


@pytest.fixture
def stacks():
    return torch.tensor([[[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, -1.0, -1.0]]])


def test_stacks_start_empty(build):
    state = build().initial_state(3)
    assert torch.equal(state.stacks, torch.full((3, 2, 4), -1.0))


def test_a_push_moves_elements_down_and_loses_the_last_of_a_full_stack(act, stacks):
    expected = torch.tensor([[[1.0, 0.1, 0.2, 0.3], [1.0, 0.5, 0.6, -1.0]]])
    torch.testing.assert_close(act(PUSH, stacks), expected)


def test_a_pop_moves_elements_up_and_an_empty_place_in(act, stacks):
    expected = torch.tensor([[[0.2, 0.3, 0.4, -1.0], [0.6, -1.0, -1.0, -1.0]]])
    torch.testing.assert_close(act(POP, stacks), expected)


def test_a_noop_leaves_the_stacks(act, stacks):
    torch.testing.assert_close(act(NOOP, stacks), stacks)


def test_without_noop_there_are_two_actions(act, stacks, build):
    torch.testing.assert_close(act(PUSH, stacks, noop=False), act(PUSH, stacks))
    torch.testing.assert_close(act(POP, stacks, noop=False), act(POP, stacks))
    assert build(noop=False).control.out_features == 2 * 3


def test_a_step_is_that_of_the_equations(build, draw):
    model, inputs = build(), draw(1, 2)[0]
    before = StackState(torch.rand(2, 5), torch.rand(2, 2, 4))
    logits, after = model.step(inputs, before)
    hidden = torch.sigmoid(model.hidden(torch.cat([inputs, before.hidden, before.stacks[:, :, :2].flatten(1)], 1)))
    torch.testing.assert_close(after.hidden, hidden)
    torch.testing.assert_close(logits, model.readout(hidden))
    control = model.control(hidden).view(2, 2, 4)
    push, pop, noop = control[..., 1:].softmax(-1).unbind(-1)
    top = push * control[..., 0].sigmoid() + pop * before.stacks[..., 1] + noop * before.stacks[..., 0]
    torch.testing.assert_close(after.stacks[..., 0], top)


@pytest.mark.parametrize("visible", [1, 3])
def test_the_hidden_layer_sees_the_visible_elements_alone(build, visible):
    model, stacks = build(visible=visible), torch.rand(1, 2, 4, requires_grad=True)
    logits, _ = model.step(torch.zeros(1, 3), StackState(torch.zeros(1, 5), stacks))
    logits.square().sum().backward()
    assert stacks.grad.any(1)[0].tolist() == [place < visible for place in range(4)]


def test_state_bytes_are_counted(build):
    assert build().state_bytes() == 4 * (5 + 2 * 4)


@pytest.mark.parametrize("noop", [True, False])
def test_observing_does_not_change_the_step(build, draw, noop):
    model, inputs = build(noop=noop), draw(1, 2)[0]
    state = model.initial_state(2)
    logits, after, observation = model.observe(inputs, state)
    torch.testing.assert_close((logits, after), model.step(inputs, state), rtol=0, atol=0)
    assert torch.equal(observation.memory, after.stacks.mT)


def test_an_observation_has_the_probabilities_of_the_actions(build, draw):
    model = build()
    _, _, observation = model.observe(draw(1, 3)[0], model.initial_state(3))
    assert list(observation.gates) == ["push", "pop", "noop"]
    torch.testing.assert_close(sum(observation.gates.values()), torch.ones(3, 2))
    assert torch.equal(observation.write_weightings[:, :, 0], observation.gates["push"])
    torch.testing.assert_close(observation.read_weightings, torch.tensor([0.5, 0.5, 0, 0]).expand(3, 1, 4))


def test_more_visible_elements_than_a_stack_has_are_an_error(build):
    with pytest.raises(ValueError, match=r"visible must be at most stack_depth \(4\), not 5"):
        build(visible=5)


def plain_step(model, x, hidden, stack):
    """A step of the Stack-RNN of Delétang et al. 2023 on one sequence; the stack is [places, numbers], top first."""
    weights = {name: tensor.detach().double().numpy() for name, tensor in model.state_dict().items()}

    def linear(name, values):
        return weights[f"{name}.weight"] @ values + weights[f"{name}.bias"]

    hidden = np.maximum(linear("hidden", np.concatenate([x, hidden, stack[0]])), 0)
    control = linear("control", hidden)
    pushed, actions = control[:8], np.exp(control[8:]) / np.exp(control[8:]).sum()
    outcomes = np.vstack([pushed, stack[:-1]]), np.vstack([stack[1:], np.zeros(8)]), stack
    return linear("readout", hidden), hidden, sum(p * outcome for p, outcome in zip(actions, outcomes, strict=True))


def test_the_form_of_deletang_2023_is_a_plain_loop(build, draw):
    model = build(form="deletang2023", stacks=1, cell_size=8, visible=1, stack_depth=5)
    inputs, expected = draw(9, 2), []
    for b in range(2):
        hidden, stack = np.zeros(5), np.zeros((5, 8))
        for x in inputs[:, b].numpy():
            logits, hidden, stack = plain_step(model, x, hidden, stack)
            expected.append(logits)
    found = model(inputs).transpose(0, 1).flatten(0, 1)
    torch.testing.assert_close(found.double(), torch.from_numpy(np.array(expected)), rtol=1e-4, atol=1e-5)


def test_the_numbers_of_an_element_move_alike(build, draw):
    model = build(cell_size=3)
    assert model.initial_state(1).stacks.shape == (1, 2 * 3, 4)
    _, state, seen = model.observe(draw(1, 1)[0], model.initial_state(1))
    assert (seen.write_weightings.shape, seen.memory.shape) == ((1, 2, 4), (1, 4, 6))
    pushed = (state.stacks[0, :, 0] + 1) / seen.write_weightings[0, :, 0].repeat_interleave(3) - 1
    assert ((pushed > 0) & (pushed < 1)).all()  # push p of v onto an empty stack leaves p v - (1 - p)
