"""A plain NTM: loops over numpy floats, written from the equations of Graves et al. 2014, section 3."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mann_bench.nn.controller import LSTMState
from mann_bench.nn.ntm import NTMState


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.logaddexp(0, x)


def softmax(x):
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


def content_weighting(memory, key, strength):
    """Equations 5 and 6."""
    scores = np.zeros(len(memory))
    for i, row in enumerate(memory):
        scores[i] = strength * np.dot(key, row) / (np.sqrt(np.dot(key, key)) * np.sqrt(np.dot(row, row)))
    return np.exp(scores) / np.exp(scores).sum()


def interpolate(previous, content, gate):
    """Equation 7."""
    return np.array([gate * c + (1 - gate) * p for p, c in zip(previous, content, strict=True)])


def shift(weighting, shifts):
    """Equation 8, with s(d) for d in -range..range: weight of slot j arrives at slot j + d."""
    slots, reach = len(weighting), len(shifts) // 2
    shifted = np.zeros(slots)
    for j in range(slots):
        for d in range(-reach, reach + 1):
            shifted[(j + d) % slots] += weighting[j] * shifts[d + reach]
    return shifted


def sharpen(weighting, sharpening):
    """Equation 9."""
    powers = np.array([w**sharpening for w in weighting])
    return powers / powers.sum()


def read(memory, weighting):
    """Equation 2."""
    vector = np.zeros(memory.shape[1])
    for i in range(len(memory)):
        vector += weighting[i] * memory[i]
    return vector


def write(memory, weightings, erases, adds):
    """Equation 3 for every head, then equation 4 for every head."""
    memory = memory.copy()
    for weighting, erase in zip(weightings, erases, strict=True):
        for i in range(len(memory)):
            memory[i] *= 1 - weighting[i] * erase
    for weighting, add in zip(weightings, adds, strict=True):
        for i in range(len(memory)):
            memory[i] += weighting[i] * add
    return memory


def lstm(weight, bias, inputs, hidden, cell):
    """One step of an LSTM whose gates lie in the order input, forget, candidate, output."""
    i, f, g, o = np.split(weight @ np.concatenate([inputs, hidden]) + bias, 4)
    cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(cell), cell


def address(head, memory, previous):
    """The weighting of a head from its parameters: key, strength, gate, shifts, sharpening."""
    width = memory.shape[1]
    key, strength, gate, shifts, sharpening = np.split(head, [width, width + 1, width + 2, len(head) - 1])
    content = content_weighting(memory, np.tanh(key), softplus(strength[0]))
    gated = interpolate(previous, content, sigmoid(gate[0]))
    return sharpen(shift(gated, softmax(shifts)), 1 + softplus(sharpening[0]))


def step(weights, heads, clip, inputs, state):
    """One step of an NTM for one sequence: all heads address M_{t-1}, read it, then write."""
    (hidden, cell), reads, weightings, memory = state
    width, read_heads, write_heads = memory.shape[1], len(reads), heads - len(reads)
    seen = np.concatenate([inputs, reads.ravel()])
    hidden, cell = lstm(weights["controller.layers.0.weight"], weights["controller.layers.0.bias"], seen, hidden, cell)
    interface = weights["interface.weight"] @ hidden + weights["interface.bias"]
    interface = np.clip(interface, -clip, clip)
    addressing, erase, add = np.split(interface, [-2 * write_heads * width, -write_heads * width])
    parameters = addressing.reshape(heads, -1)
    weightings = np.array([address(parameters[h], memory, weightings[h]) for h in range(heads)])
    reads = np.array([read(memory, weighting) for weighting in weightings[:read_heads]])
    erases, adds = sigmoid(erase).reshape(-1, width), np.tanh(add).reshape(-1, width)
    memory = write(memory, weightings[read_heads:], erases, adds)
    return np.concatenate([hidden, reads.ravel()]), ((hidden, cell), reads, weightings, memory)


def sequence_of(state, b):
    """Sequence b of an NTMState, as arrays."""
    ((hidden, cell),), reads, weightings, memory = state
    arrays = [part[b].detach().numpy() for part in (hidden, cell, reads, weightings, memory)]
    return tuple(arrays[:2]), *arrays[2:]


def random_state(cell, batch, seed):
    """A state in the middle of a sequence, in float64."""
    rng = torch.Generator().manual_seed(seed)
    heads, slots = cell.initial_weightings.shape

    def normal(*shape):
        return torch.randn(batch, *shape, generator=rng, dtype=torch.float64)

    hidden = cell.controller.layers[0].hidden_size
    return NTMState(
        (LSTMState(normal(hidden).tanh(), normal(hidden)),),
        normal(cell.read_heads, cell.slot_width),
        normal(heads, slots).softmax(-1),
        normal(slots, cell.slot_width),
    )


@pytest.fixture
def plain():
    return SimpleNamespace(
        content_weighting=content_weighting,
        interpolate=interpolate,
        shift=shift,
        sharpen=sharpen,
        read=read,
        write=write,
        lstm=lstm,
        step=step,
        sequence_of=sequence_of,
    )


@pytest.fixture
def state_of():
    return random_state


@pytest.fixture
def normal():
    """Draw float64 tensors from one seeded stream a test."""
    rng = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    return draw
