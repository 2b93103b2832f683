"""The SAM, against a dense twin and against plain numpy, and what its memory must do."""

import math

import numpy as np
import pytest
import torch
from nn import reference_sam
from nn.dense_sam import dense_state, dense_step
from nn.reference_ntm import Layer

from mann_bench.nn import SAM, SAMCell, sparse
from mann_bench.nn.scan import scan

# memory_slots, slot_width, read_heads, neighbours
SIZES = [(12, 3, 1, 1), (12, 4, 2, 3), (5, 3, 3, 4), (30, 3, 4, 4), (4, 2, 4, 4)]
PARTS = ["key", "key_strength", "write_word", "write_gate", "interpolation_gate"]


def make_cell(sizes=SIZES[1], scale=1.0, memory_init="random", **options):
    """A cell in float64 with normal weights, those of the interface times `scale`."""
    names = ("memory_slots", "slot_width", "read_heads", "neighbours")
    torch.manual_seed(0)
    cell = SAMCell(2, 5, memory_init=memory_init, **dict(zip(names, sizes, strict=True)), **options).double()
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter)
    with torch.no_grad():
        cell.interface.weight.mul_(scale)
    return cell


def told(cell, **values):
    """Let the controller tell all heads the same at every step, before the gates' functions."""
    with torch.no_grad():
        cell.interface.weight.zero_()
        heads = cell.interface.bias.view(cell.read_heads, -1).split(cell._head_sizes, dim=-1)
        for name, value in values.items():
            heads[PARTS.index(name)].fill_(value)
    return cell


def states_of(cell, inputs):
    state = cell.initial_state(inputs.shape[1])
    for at_time in inputs:
        _, state = cell(at_time, state)
        yield state


def gradients(cell, outputs, inputs, probe):
    return torch.autograd.grad((outputs * probe).sum(), [inputs, *cell.parameters()])


@pytest.mark.parametrize("scale", [1.0, 3.0])
@pytest.mark.parametrize("memory_init", ["learned", "random"])
@pytest.mark.parametrize("sizes", SIZES)
def test_outputs_and_gradients_are_those_of_the_dense_twin(sizes, memory_init, scale, normal):
    cell, inputs = make_cell(sizes, scale, memory_init), normal(10, 3, 2).requires_grad_()
    outputs, _ = scan(cell, inputs, cell.initial_state(3))
    start = dense_state(cell.initial_state(3), cell.memory_slots)
    expected, _ = scan(lambda x, state: dense_step(cell, x, state), inputs, start)
    probe = normal(*outputs.shape)
    torch.testing.assert_close(outputs, expected, rtol=1e-10, atol=1e-12)
    own, dense = (gradients(cell, each, inputs, probe) for each in (outputs, expected))
    for one, other in zip(own, dense, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10 * float(other.abs().max()))


@pytest.mark.parametrize("clip", [2.0, 20.0, None])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_sequence_is_that_of_the_plain_reference(sizes, clip, normal):
    cell = make_cell(sizes, clip=clip)
    controller, interface = (
        Layer(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in (cell.controller.layers[0], cell.interface)
    )
    plain = reference_sam.Parameters(controller, interface, sizes[2], sizes[3], math.inf if clip is None else clip)
    memory = cell.initial_state(1).memory[0].numpy()
    zeros, slots = np.zeros(5), sizes[0]
    state = reference_sam.State(
        zeros, zeros, np.zeros((sizes[2], sizes[1])), np.zeros((sizes[2], slots)), [0] * slots, memory
    )
    inputs = normal(12, 1, 2)
    for x, own in zip(inputs, states_of(cell, inputs), strict=True):
        _, state = reference_sam.step(plain, state, x[0].numpy())
        compared = [own.reads, own.read_weighting.dense(slots), own.age, own.memory]
        for actual, expected in zip(compared, [state.reads, state.weightings, state.age, state.memory], strict=True):
            np.testing.assert_allclose(actual[0].detach(), expected, rtol=1e-9, atol=1e-9)


def test_heads_fill_an_untouched_memory_one_slot_after_the_other(normal):
    cell = told(make_cell((12, 3, 2, 1)), write_gate=50.0, interpolation_gate=-50.0, key=1.0, write_word=1.0)
    slots, state = [], cell.initial_state(1)
    for at_time in normal(4, 1, 2):
        written = cell.write_weighting(cell.parse(state.controller[0].hidden), state)
        slots.append(written.slots[0, :, -1].tolist())
        _, state = cell(at_time, state)
    visited = {slot for pair in slots for slot in pair}
    assert slots[0] == [0, 1]
    assert len(visited) == 8


def test_the_least_recently_used_slot_is_the_one_that_a_list_in_order_of_access_has_first(normal):
    cell = make_cell((9, 3, 2, 2), 6.0)
    order, state = list(range(9)), cell.initial_state(1)
    for at_time in 3 * normal(40, 1, 2):
        hidden, _ = cell.controller(torch.cat([at_time, state.reads.flatten(1)], -1), state.controller)
        written = cell.write_weighting(cell.parse(hidden), state)
        assert written.slots[0, :, -1].tolist() == order[:2]
        _, state = cell(at_time, state)
        weight = (written.dense(9) + state.read_weighting.dense(9)).sum(1)[0]
        accessed = [slot for slot in range(9) if weight[slot] > 0.005]
        order = [slot for slot in order if slot not in accessed] + accessed


def test_with_its_write_gates_closed_a_step_erases_the_unused_slots_alone(normal):
    cell = told(make_cell((12, 3, 2, 2), clip=None), write_gate=-1e3, key=1.0)
    state = cell.initial_state(3)
    _, after = cell(normal(3, 2), state)
    assert not after.memory[:, :2].any()
    assert torch.equal(after.memory[:, 2:], state.memory[:, 2:])


def test_with_its_interpolation_gates_open_heads_add_where_they_read_before(normal):
    cell = told(make_cell((12, 3, 2, 2)), write_gate=50.0, interpolation_gate=50.0, write_word=1.0)
    *_, state = states_of(make_cell((12, 3, 2, 2)), normal(5, 3, 2))
    _, after = cell(normal(3, 2), state)
    written = state.read_weighting.dense(12).sum(1).unsqueeze(-1)
    unused = sparse.least_recently_used(state.age, 2).unsqueeze(-1).expand(-1, -1, 3)
    kept = torch.ones_like(state.memory).scatter(1, unused, 0.0)
    torch.testing.assert_close(after.memory, kept * state.memory + written)


def test_equal_slots_are_read_in_the_order_of_their_numbers(normal):
    cell = told(make_cell((12, 3, 2, 3), memory_init="constant", clip=None), write_gate=-1e3, key=1.0)
    _, after = cell(normal(3, 2), cell.initial_state(3)._replace(memory=torch.ones(3, 12, 3).double()))
    assert after.read_weighting.slots.tolist() == [[[2, 3, 4]] * 2] * 3  # two slots were erased


def test_what_is_kept_for_backward_does_not_grow_with_the_slots(normal):
    def kept(slots):
        saved = {}

        def pack(tensor):
            saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            scan(cell := make_cell((slots, 3, 2, 2)), inputs, cell.initial_state(3))
        return sum(storage.nbytes() for storage in saved.values())

    inputs = normal(6, 3, 2)
    assert kept(5000) == kept(50)


def test_the_gradient_reaches_everything_that_heads_are_told(normal):
    cell = make_cell()
    scan(cell, normal(8, 3, 2), cell.initial_state(3))[0].square().sum().backward()
    assert cell.interface.bias.grad.all()


@pytest.mark.parametrize("layer", [SAM, SAMCell])
@pytest.mark.parametrize("name", ["memory_slots", "slot_width", "controller_size", "read_heads", "neighbours", "clip"])
def test_a_bad_size_is_an_error_that_names_it(layer, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        layer(2, **{name: 0})


@pytest.mark.parametrize("name", ["neighbours", "read_heads"])
def test_more_neighbours_or_heads_than_slots_are_an_error(name):
    with pytest.raises(ValueError, match=f"^{name} must be at most memory_slots, 8, not 9$"):
        SAMCell(2, memory_slots=8, **{name: 9})


@pytest.mark.parametrize(("memory_init", "held", "trained"), [("constant", 0, 0), ("learned", 1, 1), ("random", 1, 0)])
def test_only_a_learned_start_is_trained_and_a_constant_one_is_not_stored(memory_init, held, trained):
    cell = SAMCell(2, 5, memory_slots=9, memory_init=memory_init)
    assert sum(name.startswith("memory_start") for name in cell.state_dict()) == held
    assert sum(name.startswith("memory_start") for name, _ in cell.named_parameters()) == trained
