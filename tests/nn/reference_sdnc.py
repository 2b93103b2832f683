"""The sparse DNC in plain numpy: one sequence, float64, loops over slots, heads and width.

Rae et al. 2016, supplementary D, https://arxiv.org/abs/1610.09027. Written from the equations, never from the package:
its tests hold the package's cell against this one. Nothing here is meant to be fast.
"""

from typing import NamedTuple

import numpy as np
from nn.reference_dnc import oneplus
from nn.reference_ntm import Layer, Matrix, Vector, affine, clipped, lstm_step, sigmoid, softmax
from nn.reference_sam import DELTA, content_weighting


class Parameters(NamedTuple):
    """The arrays and sizes of one machine; `links` is K_L."""

    controller: Layer
    interface: Layer
    heads: int
    neighbours: int
    links: int
    clip: float


class Order(NamedTuple):
    """In what order slots were written; N slots, all dense."""

    after: Matrix  # [N, N], how far i was written right after j
    before: Matrix  # [N, N], how far i was written right before j
    precedence: Vector


class State(NamedTuple):
    """What one sequence carries from step to step; R heads, N slots, width W. Weightings are dense, [R, N]."""

    hidden: Vector
    cell: Vector
    reads: Matrix
    weightings: Matrix
    age: list[int]
    order: Order
    memory: Matrix


class Told(NamedTuple):
    """The interface taken apart; modes [R, 3] are backward, content, forward."""

    keys: Matrix
    strengths: Vector
    modes: Matrix
    word: Vector
    write_gate: float
    interpolation_gate: float


def no_order(slots: int) -> Order:
    """Nothing was written."""
    return Order(np.zeros((slots, slots)), np.zeros((slots, slots)), np.zeros(slots))


def split(vector: Vector, heads: int, width: int) -> Told:
    """The parts, in the order of the package's interface."""
    sizes = [heads * width, heads, 3 * heads, width, 1, 1]
    keys, strengths, modes, word, gate, reuse = np.split(vector, np.cumsum(sizes)[:-1])
    shares = np.array([softmax(of_head) for of_head in modes.reshape(heads, 3)])
    strong = np.array([oneplus(strength) for strength in strengths])
    return Told(keys.reshape(heads, width), strong, shares, word, sigmoid(gate[0]), sigmoid(reuse[0]))


def largest(values: Vector, count: int) -> Vector:
    """The `count` largest values, of equals the first, and zero elsewhere."""
    kept = sorted(range(len(values)), key=lambda slot: (-values[slot], slot))[:count]
    return np.array([values[slot] if slot in kept else 0.0 for slot in range(len(values))])


def written(state: State, told: Told) -> tuple[Vector, Matrix]:
    """The write weighting, and the memory after the unused slot was erased and the head wrote."""
    unused = min(range(len(state.age)), key=lambda slot: (-state.age[slot], slot))
    memory, weighting = state.memory.copy(), np.zeros(len(state.memory))
    memory[unused] = 0.0
    for slot in range(len(memory)):
        mean = sum(state.weightings[:, slot]) / len(state.weightings)
        share = told.interpolation_gate * mean + (1.0 - told.interpolation_gate) * (slot == unused)
        weighting[slot] = told.write_gate * share
        memory[slot] += weighting[slot] * told.word
    return weighting, memory


def ordered(order: Order, weighting: Vector, links: int) -> Order:
    """The order after a step that wrote by this weighting; a row keeps its `links` largest entries."""
    after, before = order.after.copy(), order.before.copy()
    for i in range(len(weighting)):
        for j in range(len(weighting)):
            after[i, j] = (1.0 - weighting[i]) * after[i, j] + weighting[i] * order.precedence[j]
            before[i, j] = (1.0 - weighting[j]) * before[i, j] + weighting[j] * order.precedence[i]
        after[i], before[i] = largest(after[i], links), largest(before[i], links)
    return Order(after, before, largest((1.0 - sum(weighting)) * order.precedence + weighting, links))


def read_weighting(parameters: Parameters, told: Told, h: int, state: State, order: Order, memory: Matrix) -> Vector:
    """How head `h` reads: by what was written before and after what it read, and by content."""
    content = content_weighting(told.keys[h], told.strengths[h], memory, parameters.neighbours)
    mixed = told.modes[h, 1] * content
    for i, weight in enumerate(state.weightings[h]):
        for j in range(len(memory)):
            mixed[j] += weight * (told.modes[h, 0] * order.after[i, j] + told.modes[h, 2] * order.before[i, j])
    return largest(mixed, parameters.neighbours)


def step(parameters: Parameters, state: State, x: Vector, order: Order | None = None) -> tuple[Vector, State]:
    """One step: hidden and new reads go out. With an order that is given the step follows that one, as a constant."""
    seen = np.concatenate([x, state.reads.flatten()])
    hidden, cell = lstm_step(parameters.controller, seen, state.hidden, state.cell)
    raw = clipped(affine(parameters.interface, hidden), parameters.clip)
    told = split(raw, parameters.heads, state.memory.shape[1])
    writes, memory = written(state, told)
    order = ordered(state.order, writes, parameters.links) if order is None else order
    readers = [read_weighting(parameters, told, h, state, order, memory) for h in range(parameters.heads)]
    reads = [sum(weight * row for weight, row in zip(weighting, memory, strict=True)) for weighting in readers]
    accessed = [writes[slot] + sum(weighting[slot] for weighting in readers) for slot in range(len(memory))]
    age = [0 if weight > DELTA else steps + 1 for weight, steps in zip(accessed, state.age, strict=True)]
    after = State(hidden, cell, np.array(reads), np.array(readers), age, order, memory)
    return np.concatenate([hidden, after.reads.flatten()]), after
