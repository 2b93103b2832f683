import math

import pytest
import torch

from mann_bench.nn import NTM, NTMCell

HEADS = [(1, 1), (2, 1), (1, 2), (3, 4)]

over_heads = pytest.mark.parametrize(("read_heads", "write_heads"), HEADS)


def small(layer, read_heads=1, write_heads=1, seed=0, **options):
    """A layer in float64 with weights large enough that nothing is near its start."""
    torch.manual_seed(seed)
    sizes = {"memory_slots": 7, "slot_width": 3, "read_heads": read_heads, "write_heads": write_heads}
    layer = layer(2, 5, **(sizes | options)).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    return layer


def leaves(state):
    return [part for layer in state.controller for part in layer] + list(state[1:])


def assert_same(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


@over_heads
def test_read_heads_read_the_memory_of_the_step_before(read_heads, write_heads, normal, state_of):
    cell = small(NTMCell, read_heads, write_heads)
    state = state_of(cell, 3, 0)
    _, after = cell(normal(3, 2), state)
    assert_same(after.reads, after.weightings[:, :read_heads] @ state.memory)


def test_the_output_is_hidden_activation_beside_read_vectors(normal, state_of):
    cell = small(NTMCell, 2, 1)
    output, after = cell(normal(3, 2), state_of(cell, 3, 0))
    assert cell.output_size == 5 + 2 * 3
    assert torch.equal(output, torch.cat([after.controller[-1].hidden, after.reads.flatten(1)], dim=-1))


def test_every_weighting_sums_to_one(normal, state_of):
    cell = small(NTMCell, 3, 4)
    _, after = cell(normal(3, 2), state_of(cell, 3, 0))
    assert_same(after.weightings.sum(-1), torch.ones(3, 7).double())


@over_heads
def test_content_alone_is_an_open_gate_without_shift_and_sharpening(read_heads, write_heads, normal, state_of):
    full, content = (
        small(NTMCell, read_heads, write_heads, shift_range=0, clip=None, addressing=addressing)
        for addressing in ("content_and_location", "content")
    )
    gate, no_shift, sharpening = 3 + 1, 3 + 2, 3 + 3  # in a head's part of the interface, after key and strength
    heads, width = read_heads + write_heads, 3 + 4
    kept = [row for row in range(full.interface.out_features) if row >= heads * width or row % width < gate]
    with torch.no_grad():
        for head in range(heads):
            full.interface.weight[[head * width + row for row in (gate, no_shift, sharpening)]] = 0.0
            full.interface.bias[[head * width + row for row in (gate, sharpening)]] = torch.tensor([1e3, -1e3]).double()
    tensors = full.state_dict()
    tensors |= {name: tensors[name][kept] for name in ("interface.weight", "interface.bias")}
    del tensors["initial_weightings"]
    content.load_state_dict(tensors)
    state, inputs = state_of(full, 3, 0), normal(3, 2)
    expected, after = full(inputs, state)
    output, end = content(inputs, state._replace(weightings=content.initial_state(3).weightings))
    assert_same(output, expected)
    assert_same(end.memory, after.memory)


def test_content_alone_carries_no_weightings():
    assert NTMCell(2, addressing="content").initial_state(3).weightings.shape == (3, 2, 0)


def test_the_gradient_of_a_step_agrees_with_finite_differences(normal, state_of):
    cell = small(NTMCell, 2, 1)
    state = state_of(cell, 2, 0)
    parts = [part.requires_grad_() for part in (state.reads, state.weightings, state.memory)]

    def step(inputs, reads, weightings, memory):
        output, after = cell(inputs, state._replace(reads=reads, weightings=weightings, memory=memory))
        return output, after.weightings, after.memory

    assert torch.autograd.gradcheck(step, [normal(2, 2).requires_grad_(), *parts])


def test_the_constant_memory_starts_at_a_millionth():
    cell = NTMCell(2, memory_init="constant")
    assert torch.equal(cell.initial_state(3).memory, torch.full((3, 128, 20), 1e-6))


def test_the_learned_memory_starts_as_tanh_of_a_glorot_vector():
    torch.manual_seed(0)
    cell = NTMCell(2, memory_init="learned")
    start, limit = cell.initial_memory, math.sqrt(6 / (1 + 128 * 20))
    assert 0.99 * limit < start.abs().max() <= limit
    assert math.isclose(start.std().item(), limit / math.sqrt(3), rel_tol=0.05)
    assert_same(cell.initial_state(1).memory[0], start.tanh())


def test_the_random_memory_starts_as_tanh_of_a_normal_matrix():
    torch.manual_seed(0)
    cell = NTMCell(2, memory_init="random")
    start = cell.initial_memory
    assert abs(start.mean().item()) < 5 * 0.5 / math.sqrt(start.numel())
    assert abs(start.std().item() - 0.5) < 5 * 0.5 / math.sqrt(2 * start.numel())
    assert_same(cell.initial_state(1).memory[0], start.tanh())


def test_the_initial_state_is_the_same_for_every_sequence():
    state = small(NTMCell, 2, 1).initial_state(3)
    assert all(torch.equal(part, part[:1].expand_as(part)) for part in leaves(state))


def test_initial_reads_and_weightings_are_learned():
    cell = small(NTMCell, 2, 1)
    state = cell.initial_state(1)
    assert_same(state.reads[0], cell.initial_reads.tanh())
    assert_same(state.weightings[0], cell.initial_weightings.softmax(-1))


def test_initial_weightings_break_the_symmetry_of_the_slots():
    weightings = NTMCell(2).initial_state(1).weightings
    assert (weightings.amax(-1) > weightings.amin(-1)).all()


@pytest.mark.parametrize("memory_init", ["constant", "learned", "random"])
def test_the_memorys_start_is_a_parameter_where_it_is_trained(memory_init):
    assert "initial_memory" in dict(NTMCell(2, memory_init=memory_init).named_parameters())


@pytest.mark.parametrize("memory_init", ["constant", "learned", "random"])
def test_the_memorys_start_is_stored_but_no_parameter_where_it_is_frozen(memory_init):
    cell = NTMCell(2, memory_init=memory_init, memory_trainable=False)
    assert "initial_memory" not in dict(cell.named_parameters())
    assert "initial_memory" in cell.state_dict()


@pytest.mark.parametrize("memory_init", ["constant", "learned", "random"])
def test_freezing_the_memory_does_not_change_where_it_starts(memory_init):
    states = []
    for trainable in (True, False):
        torch.manual_seed(0)
        states.append(NTMCell(2, memory_init=memory_init, memory_trainable=trainable).initial_state(1))
    assert torch.equal(states[0].memory, states[1].memory)


@pytest.mark.parametrize("layer", [NTM, NTMCell])
@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"controller_size": 0}, "controller_size"),
        ({"memory_slots": 0}, "memory_slots"),
        ({"slot_width": 0}, "slot_width"),
        ({"read_heads": 0}, "read_heads"),
        ({"write_heads": 0}, "write_heads"),
        ({"shift_range": -1}, "shift_range"),
        ({"shift_range": 64}, "shift_range"),
        ({"memory_slots": 2, "shift_range": 1}, "shift_range"),
        ({"clip": 0.0}, "clip"),
        ({"clip": -1.0}, "clip"),
    ],
)
def test_a_bad_size_is_an_error_that_names_it(layer, options, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        layer(2, **options)


def test_the_widest_shift_covers_every_slot_once():
    assert NTMCell(2, memory_slots=5, shift_range=2).initial_state(1).memory.shape == (1, 5, 20)
