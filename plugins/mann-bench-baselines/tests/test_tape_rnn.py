import numpy as np
import pytest
import torch

from mann_bench_baselines.tape_rnn import TapeRNNModel, TapeState

STAY, FORWARD, BACK, JUMP_FORWARD, JUMP_BACK = range(5)


@pytest.fixture
def build():
    """Build a small model from seed 0, with options changed."""

    def make(**options):
        torch.manual_seed(0)
        sizes = {"hidden_size": 6, "cell_size": 3, "cells": 7, "test_cells": 7, "value_units": 4}
        return TapeRNNModel(3, 2, **(sizes | options))

    return make


@pytest.fixture
def move(build):
    """Make one move for certain, after a write of 9 to the first of the cells 0, 1, 2 ...; return the cells."""

    def do(action, length):
        model = build(cell_size=1)
        for linear in (model.moves, model.value[-1]):
            torch.nn.init.zeros_(linear.weight)
        torch.nn.init.constant_(model.value[-1].bias, 9.0)
        with torch.no_grad():
            model.moves.bias.copy_(torch.full((5,), -100.0).index_fill(0, torch.tensor(action), 100.0))
        tapes = torch.arange(7.0).view(1, 1, 7, 1)
        state = TapeState(torch.zeros(1, 6), tapes, torch.tensor([length]), torch.tensor([True]))
        return model.step(torch.zeros(1, 3), state)[1].tapes.flatten().tolist()

    return do


@pytest.mark.parametrize(
    ("action", "cells"),
    [
        (STAY, [9, 1, 2, 3, 4, 5, 6]),
        (FORWARD, [1, 2, 3, 4, 5, 6, 9]),
        (BACK, [6, 9, 1, 2, 3, 4, 5]),
        (JUMP_FORWARD, [3, 4, 5, 6, 9, 1, 2]),
        (JUMP_BACK, [4, 5, 6, 9, 1, 2, 3]),
    ],
)
def test_a_move_writes_and_then_turns_the_tape(move, action, cells):
    assert move(action, length=3) == cells


def test_a_jump_longer_than_the_tape_goes_on_around_it(move):
    assert move(JUMP_FORWARD, length=7 + 3) == move(JUMP_FORWARD, length=3)


def plain_logits(model, inputs, tapes):
    """The logits of one sequence [T, 3], number by number in float64; each tape is a list of cells."""
    weights = {name: tensor.detach().double().numpy() for name, tensor in model.state_dict().items()}

    def linear(name, values):
        return weights[f"{name}.weight"] @ values + weights[f"{name}.bias"]

    hidden, length, answering, found = np.zeros(6), 0, False, []
    for x in inputs:
        answering = answering or x[2] > 0.5
        length += not answering
        hidden = np.maximum(linear("hidden", np.concatenate([x, hidden, *(tape[0] for tape in tapes)])), 0)
        value = np.maximum(linear("value.0", hidden), 0)
        value = linear("value.4", np.maximum(linear("value.2", value), 0)).reshape(len(tapes), -1)
        for k, moves in enumerate(linear("moves", hidden).reshape(len(tapes), 5)):
            shares = np.exp(moves) / np.exp(moves).sum()
            written = [value[k], *tapes[k][1:]]
            turns = [(0, shares[0]), (1, shares[1]), (-1, shares[2]), (length, shares[3]), (-length, shares[4])]
            cells = len(written)
            tapes[k] = [sum(share * written[(n + by) % cells] for by, share in turns) for n in range(cells)]
        found.append(linear("readout", hidden))
    return np.array(found)


@pytest.mark.parametrize("tapes", [1, 2])
def test_logits_are_those_of_a_plain_loop(build, draw, tapes):
    model, inputs = build(tapes=tapes), draw(12, 4)
    inputs[:, :, 2] = 0
    inputs[torch.tensor([0, 3, 5, 9]), torch.arange(4), 2] = 1  # inputs of unlike lengths, one of them empty
    blank = [[np.zeros(3)] * 7 for _ in range(tapes)]
    expected = [plain_logits(model, inputs[:, b].numpy(), [list(tape) for tape in blank]) for b in range(4)]
    found = model(inputs).detach().double()
    torch.testing.assert_close(found, torch.from_numpy(np.stack(expected, axis=1)), rtol=1e-4, atol=1e-5)


def test_the_input_is_counted_up_to_the_symbol_that_asks_for_the_answer(build):
    model, state, seen = build(), build().initial_state(1), []
    for asks in (0, 0, 0, 1, 0, 1, 0):
        _, state = model.step(torch.tensor([[1.0, 1.0, asks]]), state)
        seen.append(state.length.item())
    assert seen == [1, 2, 3, 3, 3, 3, 3]


def test_another_channel_can_ask_for_the_answer(build):
    model = build(answer_channel=0)
    _, state = model.step(torch.tensor([[1.0, 0, 0], [0, 0, 1.0]]), model.initial_state(2))
    assert state.length.tolist() == [0, 1]


def test_tapes_are_longer_outside_training(build):
    model = build(cells=4, test_cells=9)
    assert model.initial_state(2).tapes.shape == (2, 1, 4, 3)
    assert model.eval().initial_state(2).tapes.shape == (2, 1, 9, 3)


def test_observing_does_not_change_the_step(build, draw):
    model, inputs = build(tapes=2), draw(1, 2)[0]
    state = model.initial_state(2)
    logits, after, observation = model.observe(inputs, state)
    torch.testing.assert_close((logits, *after), (*model.step(inputs, state)[:1], *model.step(inputs, state)[1]))
    assert (observation.memory.shape, observation.read_weightings.shape) == ((2, 7, 2 * 3), (2, 2, 7))
    torch.testing.assert_close(sum(observation.gates.values()), torch.ones(2, 2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cells": 1}, "cells and test_cells must be at least 2, not 1 and 7"),
        ({"answer_channel": 3}, "answer_channel must be from -3 to 2, not 3"),
    ],
)
def test_options_that_make_no_sense_are_errors(build, options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
