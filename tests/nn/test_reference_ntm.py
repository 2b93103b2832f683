"""The package's NTM against the plain one of `reference_ntm`, and what must hold whatever the weights are."""

import math

import numpy as np
import pytest
import torch
from nn import reference_ntm

from mann_bench.models.ntm import NTMModel
from mann_bench.nn import NTMCell, NTMState
from mann_bench.nn.addressing import sharpen
from mann_bench.nn.controller import LSTMState
from mann_bench.nn.scan import scan

INPUTS, UNITS, TOLERANCE = 2, 5, 1e-9
# memory_slots, slot_width, read_heads, write_heads
SIZES = [(5, 3, 1, 1), (7, 4, 2, 1), (13, 3, 1, 3), (5, 4, 3, 4), (7, 3, 4, 2)]
CONTROLLERS = [("lstm", 1), ("lstm", 3), ("feedforward", 1), ("feedforward", 2)]


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def make_cell(sizes=SIZES[0], seed=0, scale=1.0, units=UNITS, **options):
    """A cell in float64 with normal weights, those of the interface times `scale`."""
    names = ("memory_slots", "slot_width", "read_heads", "write_heads")
    torch.manual_seed(seed)
    cell = NTMCell(INPUTS, units, **dict(zip(names, sizes, strict=True)), **options).double()
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter)
    with torch.no_grad():
        cell.interface.weight.mul_(scale)
    return cell


def random_state(cell, batch):
    """A valid state in the middle of a sequence."""
    start = cell.initial_state(batch)
    layers = [LSTMState(normal(*layer.hidden.shape).tanh(), normal(*layer.cell.shape)) for layer in start.controller]
    weightings = (2 * normal(*start.weightings.shape)).softmax(-1)
    return NTMState(tuple(layers), normal(*start.reads.shape), weightings, normal(*start.memory.shape))


def leaves(state):
    return [*(part for layer in state.controller for part in layer), *state[1:]]


def layer_of(module):
    return reference_ntm.Layer(module.weight.detach().numpy(), module.bias.detach().numpy())


def parameters_of(cell, shift_range):
    return reference_ntm.Parameters(
        controller=[layer_of(layer) for layer in cell.controller.layers],
        feedforward=not cell.initial_state(1).controller,
        interface=layer_of(cell.interface),
        read_heads=cell.read_heads,
        write_heads=cell.write_heads,
        shift_range=shift_range,
        clip=math.inf if cell.clip is None else cell.clip,
    )


def sequence_of(state, b, read_heads):
    """Sequence b of the state, as the reference has it."""
    reads, weightings, memory = (part[b].detach().numpy() for part in state[1:])
    controller = [(layer.hidden[b].detach().numpy(), layer.cell[b].detach().numpy()) for layer in state.controller]
    return reference_ntm.State(controller, reads, weightings[:read_heads], weightings[read_heads:], memory)


def assert_close(actual, expected):
    for own, plain in zip(actual, expected, strict=True):
        np.testing.assert_allclose(own, plain, rtol=TOLERANCE, atol=TOLERANCE)


def compare_step(cell, batch, shift_range=1, memory_scale=1.0):
    """Take one step from a random state and compare every number of every sequence."""
    inputs, state = normal(batch, INPUTS), random_state(cell, batch)
    state = state._replace(memory=memory_scale * state.memory)
    output, after = cell(inputs, state)
    for b in range(batch):
        before = sequence_of(state, b, cell.read_heads)
        expected, plain = reference_ntm.step(parameters_of(cell, shift_range), before, inputs[b].numpy())
        own = sequence_of(after, b, cell.read_heads)
        assert_close([output[b].detach(), *leaves(own)], [expected, *leaves(plain)])


@pytest.mark.parametrize("scale", [0.3, 3.0, 30.0])
@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_step_is_that_of_the_reference(sizes, batch, scale):
    compare_step(make_cell(sizes, seed=batch, scale=scale), batch)


@pytest.mark.parametrize("sharpening", ["log", "power"])
@pytest.mark.parametrize(("controller", "layers"), CONTROLLERS)
def test_a_step_with_any_controller_is_that_of_the_reference(controller, layers, sharpening):
    options = {"controller": controller, "controller_layers": layers, "sharpening": sharpening}
    compare_step(make_cell(SIZES[1], **options), 3)


@pytest.mark.parametrize("shift_range", [0, 1, 2, 3])
def test_a_step_of_any_shift_range_is_that_of_the_reference(shift_range):
    compare_step(make_cell(SIZES[4], shift_range=shift_range), 3, shift_range)


@pytest.mark.parametrize("clip", [0.5, 20.0, None])
def test_head_parameters_are_clipped_as_in_the_reference(clip):
    compare_step(make_cell(SIZES[3], scale=9.0, clip=clip), 3)


@pytest.mark.parametrize("memory_scale", [0.0, 1e-11, 1e-10, 1e-6, 1e4])
def test_a_step_with_tiny_or_huge_memory_is_that_of_the_reference(memory_scale):
    compare_step(make_cell(SIZES[1], scale=3.0), 3, memory_scale=memory_scale)


@pytest.mark.parametrize("sharpening", [1.0, 2.5, 21.0])
@pytest.mark.parametrize("entries", [[1.0, 0.0, 0.0], [0.5, 1e-300, 0.5], [1e-200, 1e-300, 3e-200]])
def test_sharpening_with_vanishing_entries_is_that_of_the_reference(entries, sharpening):
    weighting = torch.tensor([[entries]], dtype=torch.float64)
    own = sharpen(weighting, torch.full((1, 1), sharpening, dtype=torch.float64))
    assert_close([own[0, 0]], [reference_ntm.sharpened(np.array(entries), sharpening)])


def test_a_sequence_from_the_initial_state_is_that_of_the_reference():
    cell = make_cell(SIZES[3], scale=3.0)
    inputs, state = normal(12, 1, INPUTS), sequence_of(cell.initial_state(1), 0, cell.read_heads)
    outputs, _ = scan(cell, inputs, cell.initial_state(1))
    for output, x in zip(outputs, inputs, strict=True):
        expected, state = reference_ntm.step(parameters_of(cell, 1), state, x[0].numpy())
        assert_close([output[0].detach()], [expected])


@pytest.mark.parametrize("clip", [0.5, 20.0])
def test_the_models_logits_are_those_of_the_reference(clip):
    torch.manual_seed(0)
    model = NTMModel(INPUTS, 3, controller_size=UNITS, memory_slots=5, slot_width=3, clip=clip).double()
    state, x = random_state(model.cell, 1), normal(1, INPUTS)
    output, _ = reference_ntm.step(parameters_of(model.cell, 1), sequence_of(state, 0, 1), x[0].numpy())
    assert_close([model.step(x, state)[0][0].detach()], [reference_ntm.logits(layer_of(model.readout), output, clip)])


@pytest.mark.parametrize(("controller", "layers"), CONTROLLERS)
def test_the_gradients_of_a_step_agree_with_finite_differences(controller, layers):
    cell = make_cell((5, 2, 1, 2), units=2, scale=0.5, controller=controller, controller_layers=layers)
    state = random_state(cell, 1)
    names, parameters = zip(*cell.named_parameters(), strict=True)
    tensors = [t.detach().requires_grad_() for t in (normal(1, INPUTS), *leaves(state), *parameters)]

    def step(inputs, *rest):
        own, weights = rest[: len(leaves(state))], dict(zip(names, rest[len(leaves(state)) :], strict=True))
        pairs = [LSTMState(*own[2 * i : 2 * i + 2]) for i in range(len(state.controller))]
        output, after = torch.func.functional_call(cell, weights, (inputs, NTMState(tuple(pairs), *own[-3:])))
        return output, *leaves(after)

    assert torch.autograd.gradcheck(step, tensors)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weightings_sum_to_one_at_the_sharpest(dtype):
    cell = make_cell((13, 3, 2, 2), scale=30.0).to(dtype)
    state, sharpest = cell.initial_state(7), 0.0
    for _ in range(50):
        output, state = cell(5 * torch.randn(7, INPUTS, dtype=dtype), state)
        sharpest = max(sharpest, cell.heads(output[:, :UNITS]).location.sharpening.max().item())
        assert (state.weightings >= 0).all()
        assert (state.weightings.sum(-1) - 1).abs().max() < 1e-6
    assert sharpest == pytest.approx(21)
