"""The Neural Turing Machine in plain numpy: one sequence, float64, loops over slots, heads and width.

Graves, Wayne & Danihelka 2014, section 3, https://arxiv.org/abs/1410.5401. Written from the equations, never from the
package: its tests hold the package's cell against this one. Nothing here is meant to be fast.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

SQUARED_NORM_FLOOR = 1e-20


class Layer(NamedTuple):
    """The weight [out, in] and bias [out] of one affine map."""

    weight: Matrix
    bias: Vector


class Head(NamedTuple):
    """What one head is told: key [W], strength, interpolation gate, shift weighting [2R + 1] and sharpening."""

    key: Vector
    strength: float
    gate: float
    shift: Vector
    sharpening: float


class Interface(NamedTuple):
    """All that the heads are told: the heads themselves, and erase and add [write heads, W] of those that write."""

    read_heads: list[Head]
    write_heads: list[Head]
    erase: Matrix
    add: Matrix


class Parameters(NamedTuple):
    """The arrays and sizes of one machine."""

    controller: list[Layer]
    feedforward: bool
    interface: Layer
    read_heads: int
    write_heads: int
    shift_range: int
    clip: float


class State(NamedTuple):
    """Controller state as one (hidden, cell) a layer, reads [H, W], weightings [H, N] and memory [N, W]."""

    controller: list[tuple[Vector, Vector]]
    reads: Matrix
    read_weightings: Matrix
    write_weightings: Matrix
    memory: Matrix


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1.0 / (1.0 + math.exp(-x)) if x > 0 else math.exp(x) / (1.0 + math.exp(x))


def softplus(x: float) -> float:
    """log(1 + e^x)."""
    return math.log1p(math.exp(x))


def softmax(x: Vector) -> Vector:
    """e^x normalised to sum to 1."""
    powers = [math.exp(value - max(x)) for value in x]
    return np.array([power / sum(powers) for power in powers])


def clipped(x: Vector, bound: float) -> Vector:
    """Every entry moved into [-bound, bound]."""
    return np.array([min(max(value, -bound), bound) for value in x])


def affine(layer: Layer, x: Vector) -> Vector:
    """W x + b."""
    return np.array([np.dot(row, x) + bias for row, bias in zip(layer.weight, layer.bias, strict=True)])


def logits(readout: Layer, output: Vector, bound: float) -> Vector:
    """What a model makes of the hidden vector and the reads: an affine map, clipped."""
    return clipped(affine(readout, output), bound)


def lstm_step(layer: Layer, x: Vector, hidden: Vector, cell: Vector) -> tuple[Vector, Vector]:
    """One step of an LSTM; the gates lie in the order input, forget, candidate, output."""
    size = len(hidden)
    raw = affine(layer, np.concatenate([x, hidden]))
    new_hidden, new_cell = np.zeros(size), np.zeros(size)
    for c in range(size):
        write, keep = sigmoid(raw[c]), sigmoid(raw[size + c])
        candidate, show = math.tanh(raw[2 * size + c]), sigmoid(raw[3 * size + c])
        new_cell[c] = keep * cell[c] + write * candidate
        new_hidden[c] = show * math.tanh(new_cell[c])
    return new_hidden, new_cell


def stacked_lstm_step(
    layers: list[Layer], x: Vector, states: list[tuple[Vector, Vector]]
) -> tuple[Vector, list[tuple[Vector, Vector]]]:
    """Layer l takes the hidden vector of layer l - 1; the top hidden vector goes out."""
    new_states = []
    for layer, (hidden, cell) in zip(layers, states, strict=True):
        x, new_cell = lstm_step(layer, x, hidden, cell)
        new_states.append((x, new_cell))
    return x, new_states


def feedforward_step(layers: list[Layer], x: Vector) -> Vector:
    """tanh(W x + b), layer after layer."""
    for layer in layers:
        x = np.array([math.tanh(value) for value in affine(layer, x)])
    return x


def cosine(u: Vector, v: Vector) -> float:
    """(6), the squared norms floored so that a zero vector is similar to nothing."""
    squares = max(float(np.dot(u, u)), SQUARED_NORM_FLOOR), max(float(np.dot(v, v)), SQUARED_NORM_FLOOR)
    return float(np.dot(u, v)) / (math.sqrt(squares[0]) * math.sqrt(squares[1]))


def content_weighting(key: Vector, strength: float, memory: Matrix) -> Vector:
    """(5): softmax over the slots of the strength times the similarity."""
    return softmax(np.array([strength * cosine(key, row) for row in memory]))


def interpolated(content: Vector, previous: Vector, gate: float) -> Vector:
    """(7): g w^c + (1 - g) w_{t-1}."""
    return np.array([gate * c + (1.0 - gate) * p for c, p in zip(content, previous, strict=True)])


def shifted(weighting: Vector, shift: Vector) -> Vector:
    """(8): entry d of the shift, counted from -R to +R, moves weight from slot j to slot j + d modulo N."""
    slots, reach = len(weighting), (len(shift) - 1) // 2
    moved = np.zeros(slots)
    for j in range(slots):
        for d in range(-reach, reach + 1):
            moved[(j + d) % slots] += weighting[j] * shift[d + reach]
    return moved


def sharpened(weighting: Vector, sharpening: float) -> Vector:
    """(9): w^gamma / sum w^gamma. The largest entry is divided out first, so the sum is at least 1."""
    powers = [(value / max(weighting)) ** sharpening for value in weighting]
    return np.array([power / sum(powers) for power in powers])


def addressed(head: Head, previous: Vector, memory: Matrix) -> Vector:
    """(5) to (9): the new weighting of one head over the slots."""
    content = content_weighting(head.key, head.strength, memory)
    return sharpened(shifted(interpolated(content, previous, head.gate), head.shift), head.sharpening)


def read(weighting: Vector, memory: Matrix) -> Vector:
    """(2): sum_i w(i) M(i)."""
    slots, width = memory.shape
    vector = np.zeros(width)
    for i in range(slots):
        for j in range(width):
            vector[j] += weighting[i] * memory[i, j]
    return vector


def erased(memory: Matrix, weighting: Vector, erase: Vector) -> Matrix:
    """(3): M(i) (1 - w(i) e)."""
    result = np.zeros_like(memory)
    for i in range(memory.shape[0]):
        for j in range(memory.shape[1]):
            result[i, j] = memory[i, j] * (1.0 - weighting[i] * erase[j])
    return result


def added(memory: Matrix, weighting: Vector, add: Vector) -> Matrix:
    """(4): M(i) + w(i) a."""
    result = np.zeros_like(memory)
    for i in range(memory.shape[0]):
        for j in range(memory.shape[1]):
            result[i, j] = memory[i, j] + weighting[i] * add[j]
    return result


def activated_head(key: Vector, strength: float, gate: float, shift: Vector, sharpening: float) -> Head:
    """Raw numbers moved into their ranges: tanh, softplus, sigmoid, softmax, 1 + softplus."""
    return Head(
        np.array([math.tanh(value) for value in key]),
        softplus(strength),
        sigmoid(gate),
        softmax(shift),
        1.0 + softplus(sharpening),
    )


def written(memory: Matrix, weightings: Matrix, erase: Matrix, add: Matrix) -> Matrix:
    """(3) for all write heads, then (4) for all of them, so that their order does not matter."""
    for weighting, vector in zip(weightings, erase, strict=True):
        memory = erased(memory, weighting, vector)
    for weighting, vector in zip(weightings, add, strict=True):
        memory = added(memory, weighting, vector)
    return memory


def split_interface(vector: Vector, parameters: Parameters, width: int) -> Interface:
    """The interface vector cut up: key, strength, gate, shift and sharpening a head, then every erase, every add.

    The paper gives no order; this one is the package's. Heads that read come first.
    """
    heads, writers, reach = parameters.read_heads, parameters.write_heads, parameters.shift_range
    size, all_heads = width + 2 * reach + 4, []
    for head in range(heads + writers):
        raw = vector[head * size : (head + 1) * size]
        key, shift = raw[:width], raw[width + 2 : -1]
        all_heads.append(activated_head(key, raw[width], raw[width + 1], shift, raw[-1]))
    erase, add = vector[(heads + writers) * size :].reshape(2, writers, width)
    return Interface(
        all_heads[:heads],
        all_heads[heads:],
        np.array([[sigmoid(value) for value in row] for row in erase]),
        np.array([[math.tanh(value) for value in row] for row in add]),
    )


def memory_step(interface: Interface, state: State) -> State:
    """All heads address M_{t-1}; the reads are taken from M_{t-1}; then the write."""
    memory = state.memory
    readers = zip(interface.read_heads, state.read_weightings, strict=True)
    writers = zip(interface.write_heads, state.write_weightings, strict=True)
    read_weightings = np.array([addressed(head, previous, memory) for head, previous in readers])
    write_weightings = np.array([addressed(head, previous, memory) for head, previous in writers])
    return state._replace(
        reads=np.array([read(weighting, memory) for weighting in read_weightings]),
        read_weightings=read_weightings,
        write_weightings=write_weightings,
        memory=written(memory, write_weightings, interface.erase, interface.add),
    )


def step(parameters: Parameters, state: State, x: Vector) -> tuple[Vector, State]:
    """One step: the controller sees the input and the reads of the step before; hidden and new reads go out."""
    seen, new_controller = np.concatenate([x, state.reads.flatten()]), state.controller
    if parameters.feedforward:
        hidden = feedforward_step(parameters.controller, seen)
    else:
        hidden, new_controller = stacked_lstm_step(parameters.controller, seen, state.controller)
    raw = clipped(affine(parameters.interface, hidden), parameters.clip)
    interface = split_interface(raw, parameters, state.memory.shape[1])
    new_state = memory_step(interface, state._replace(controller=new_controller))
    return np.concatenate([hidden, new_state.reads.flatten()]), new_state
