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


def compare_step(cell, inputs, state, plain):
    """Compare a step with the plain twin, sequence by sequence."""
    weights = {name: p.detach().numpy() for name, p in cell.named_parameters()}
    heads, clip = cell.read_heads + cell.write_heads, math.inf if cell.clip is None else cell.clip
    output, after = cell(inputs, state)
    for b in range(len(inputs)):
        expected, (controller, *rest) = plain.step(weights, heads, clip, inputs[b].numpy(), plain.sequence_of(state, b))
        assert_same(output[b].detach(), torch.tensor(expected))
        for actual, twin in zip(leaves(after), [*controller, *rest], strict=True):
            assert_same(actual[b].detach(), torch.tensor(twin))


@over_heads
@pytest.mark.parametrize("seed", range(3))
def test_a_step_is_that_of_the_plain_twin(read_heads, write_heads, seed, normal, state_of, plain):
    cell = small(NTMCell, read_heads, write_heads, seed)
    compare_step(cell, normal(3, 2), state_of(cell, 3, seed), plain)


@pytest.mark.parametrize("shift_range", [0, 1, 2, 3])
def test_a_step_of_any_shift_range_is_that_of_the_plain_twin(shift_range, normal, state_of, plain):
    cell = small(NTMCell, 2, 1, shift_range=shift_range)
    compare_step(cell, normal(1, 2), state_of(cell, 1, 0), plain)


@pytest.mark.parametrize("clip", [0.5, 20.0, None])
def test_a_step_with_large_head_parameters_is_clipped_as_in_the_plain_twin(clip, normal, state_of, plain):
    cell = small(NTMCell, 2, 2, clip=clip)
    with torch.no_grad():
        cell.interface.bias.mul_(20)
    compare_step(cell, normal(3, 2), state_of(cell, 3, 0), plain)


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


def test_the_gradient_of_a_step_agrees_with_finite_differences(normal, state_of):
    cell = small(NTMCell, 2, 1)
    state = state_of(cell, 2, 0)
    parts = [part.requires_grad_() for part in (state.reads, state.weightings, state.memory)]

    def step(inputs, reads, weightings, memory):
        output, after = cell(inputs, state._replace(reads=reads, weightings=weightings, memory=memory))
        return output, after.weightings, after.memory

    assert torch.autograd.gradcheck(step, [normal(2, 2).requires_grad_(), *parts])


@over_heads
def test_the_layer_loops_over_the_cell(read_heads, write_heads, normal):
    layer, inputs = small(NTM, read_heads, write_heads), normal(6, 3, 2)
    state, expected = None, []
    for at_time in inputs:
        output, state = layer.cell(at_time, state)
        expected.append(output)
    outputs, last = layer(inputs)
    assert_same([outputs, *leaves(last)], [torch.stack(expected), *leaves(state)])


def test_a_sequence_is_that_of_the_plain_twin(normal, plain):
    layer, inputs = small(NTM, 2, 1), normal(6, 1, 2)
    weights = {name: p.detach().numpy() for name, p in layer.cell.named_parameters()}
    state = plain.sequence_of(layer.cell.initial_state(1), 0)
    for output, at_time in zip(layer(inputs)[0], inputs, strict=True):
        expected, state = plain.step(weights, 3, 20.0, at_time[0].numpy(), state)
        assert_same(output[0].detach(), torch.tensor(expected))


def test_batch_first_transposes_inputs_and_outputs(normal):
    time_first, inputs = small(NTM), normal(6, 3, 2)
    batch_first = small(NTM, batch_first=True)
    outputs, state = batch_first(inputs.transpose(0, 1))
    assert outputs.shape == (3, 6, batch_first.output_size)
    expected, last = time_first(inputs)
    assert_same([outputs.transpose(0, 1), *leaves(state)], [expected, *leaves(last)])


@pytest.mark.parametrize("batch_first", [False, True])
def test_two_halves_with_the_state_passed_on_are_one_pass(batch_first, normal):
    layer, inputs = small(NTM, batch_first=batch_first), normal(6, 5, 2)
    time = 1 if batch_first else 0
    first, second = inputs.split([2, inputs.shape[time] - 2], dim=time)
    early, state = layer(first)
    late, last = layer(second, state)
    outputs, expected = layer(inputs)
    assert_same([torch.cat([early, late], dim=time), *leaves(last)], [outputs, *leaves(expected)])


def test_the_layer_has_no_weights_beside_the_cells():
    assert all(name.startswith("cell.") for name in NTM(2, 5).state_dict())


def test_the_layer_passes_every_option_on_to_its_cell():
    options = {"memory_slots": 9, "slot_width": 4, "read_heads": 2, "write_heads": 3, "shift_range": 2}
    options |= {"memory_init": "random", "memory_trainable": False, "clip": 5.0}
    torch.manual_seed(0)
    layer = NTM(2, 5, **options)
    torch.manual_seed(0)
    cell = NTMCell(2, 5, **options)
    assert layer.cell.clip == cell.clip
    assert_same(layer.cell.state_dict(), cell.state_dict())
    assert [n for n, _ in layer.cell.named_parameters()] == [n for n, _ in cell.named_parameters()]


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


def test_starting_afresh_is_the_initial_state(normal):
    cell, inputs = small(NTMCell), normal(3, 2)
    assert_same(cell(inputs)[0], cell(inputs, cell.initial_state(3))[0])


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
