"""The package's SDNC against the plain one of `reference_sdnc`: states, and gradients by finite differences."""

import math

import numpy as np
import pytest
import torch
from nn import reference_sdnc
from nn.reference_ntm import Layer
from nn.test_sdnc import SIZES, make_cell

from mann_bench.nn.scan import scan

EPSILON = 1e-6


def arrays_of(cell):
    """What gradients are taken of, besides the inputs: weight and bias of both layers, and the memory's start."""
    layers = cell.controller.layers[0], cell.interface
    weights = [part for layer in layers for part in (layer.weight, layer.bias)]
    return [*weights, cell.initial_state(1).memory[0]]


def plain_states(cell, arrays, inputs, orders=None):
    """The states and outputs of all steps; with orders that are given, the steps follow those."""
    *weights, memory = arrays
    clip = math.inf if cell.clip is None else cell.clip
    sizes = cell.read_heads, cell.neighbours, cell.links, clip
    parameters = reference_sdnc.Parameters(Layer(*weights[:2]), Layer(*weights[2:]), *sizes)
    heads, (slots, width) = cell.read_heads, memory.shape
    none = np.zeros((heads, width)), np.zeros((heads, slots)), [0] * slots, reference_sdnc.no_order(slots), memory
    state = reference_sdnc.State(np.zeros(cell.controller_size), np.zeros(cell.controller_size), *none)
    for t, x in enumerate(inputs):
        output, state = reference_sdnc.step(parameters, state, x, orders[t] if orders else None)
        yield output, state


def detached(tensors):
    return [tensor.detach().numpy() for tensor in tensors]


@pytest.mark.parametrize("clip", [2.0, None])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_sequence_is_that_of_the_plain_reference(sizes, clip, normal):
    cell, inputs, slots = make_cell(sizes, clip=clip), normal(12, 1, 2), sizes[0]
    own = cell.initial_state(1)
    for x, (_, plain) in zip(inputs, plain_states(cell, detached(arrays_of(cell)), inputs[:, 0].numpy()), strict=True):
        _, own = cell(x, own)
        links = [part.dense(slots) for part in own.links]
        compared = [own.reads, own.read_weighting.dense(slots), own.age, own.memory, *links[:2], links[2][0]]
        expected = [plain.reads, plain.weightings, plain.age, plain.memory, *plain.order]
        for actual, other in zip(compared, expected, strict=True):
            np.testing.assert_allclose(actual[0].detach(), other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_are_finite_differences_of_the_plain_reference(sizes, normal):
    cell, inputs = make_cell(sizes, "learned"), normal(7, 1, 2).requires_grad_()
    leaves = [*arrays_of(cell), inputs]
    outputs, _ = scan(cell, inputs, cell.initial_state(1)._replace(memory=leaves[-2].unsqueeze(0)))
    probe = normal(*outputs.shape)
    gradients = torch.autograd.grad((outputs * probe).sum(), leaves)
    arrays = detached(leaves)
    orders = [state.order for _, state in plain_states(cell, arrays[:-1], arrays[-1][:, 0])]

    def loss(place, change):
        moved = [*arrays[:place], arrays[place] + change, *arrays[place + 1 :]]
        states = plain_states(cell, moved[:-1], moved[-1][:, 0], orders)
        return sum(float(output @ at_time[0].numpy()) for (output, _), at_time in zip(states, probe, strict=True))

    for place, gradient in enumerate(gradients):
        direction = normal(*gradient.shape).numpy()
        slope = (loss(place, EPSILON * direction) - loss(place, -EPSILON * direction)) / (2 * EPSILON)
        assert slope == pytest.approx(float((gradient.numpy() * direction).sum()), rel=1e-5, abs=1e-6)
