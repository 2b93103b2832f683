"""Sparse Access Memory in plain numpy: one sequence, float64, loops over slots, heads and width.

Rae et al. 2016, section 3, https://arxiv.org/abs/1610.09027. Written from the equations, never from the package: its
tests hold the package's cell against this one. Nothing here is meant to be fast.
"""

from typing import NamedTuple

import numpy as np
from nn.reference_dnc import oneplus
from nn.reference_ntm import Layer, Matrix, Vector, affine, clipped, lstm_step, sigmoid, softmax

DELTA = 0.005


class Parameters(NamedTuple):
    """The arrays and sizes of one machine."""

    controller: Layer
    interface: Layer
    heads: int
    neighbours: int
    clip: float


class State(NamedTuple):
    """What one sequence carries from step to step; H heads, N slots, width W. Weightings are dense, [H, N]."""

    hidden: Vector
    cell: Vector
    reads: Matrix
    weightings: Matrix
    age: list[int]
    memory: Matrix


class Head(NamedTuple):
    """What one head is told."""

    key: Vector
    strength: float
    word: Vector
    write_gate: float
    interpolation_gate: float


def split_head(vector: Vector, width: int) -> Head:
    """The part of one head: key, strength, word, write gate, interpolation gate."""
    key, word = vector[:width], vector[width + 1 : 2 * width + 1]
    return Head(key, oneplus(vector[width]), word, sigmoid(vector[-2]), sigmoid(vector[-1]))


def cosine(one: Vector, other: Vector) -> float:
    """The cosine of two vectors, 0 where one of them is zero."""
    lengths = float(np.sqrt(sum(one * one)) * np.sqrt(sum(other * other)))
    return float(sum(one * other)) / lengths if lengths else 0.0


def content_weighting(key: Vector, strength: float, memory: Matrix, neighbours: int) -> Vector:
    """The softmax over the slots most like the key, zero elsewhere."""
    scores = [strength * cosine(key, row) for row in memory]
    nearest = sorted(range(len(scores)), key=lambda slot: (-scores[slot], slot))[:neighbours]
    weighting = np.zeros(len(scores))
    weighting[nearest] = softmax(np.array([scores[slot] for slot in nearest]))
    return weighting


def written(state: State, heads: list[Head]) -> tuple[Matrix, Matrix]:
    """The write weightings of all heads, and the memory after the slots were erased and all heads wrote."""
    order = sorted(range(len(state.age)), key=lambda slot: (-state.age[slot], slot))
    memory, weightings = state.memory.copy(), np.zeros_like(state.weightings)
    for h, head in enumerate(heads):
        memory[order[h]] = 0.0
        for slot in range(len(memory)):
            unused = 1.0 if slot == order[h] else 0.0
            share = head.interpolation_gate * state.weightings[h, slot] + (1.0 - head.interpolation_gate) * unused
            weightings[h, slot] = head.write_gate * share
    for h, head in enumerate(heads):
        for slot in range(len(memory)):
            memory[slot] += weightings[h, slot] * head.word
    return weightings, memory


def step(parameters: Parameters, state: State, x: Vector) -> tuple[Vector, State]:
    """One step: the controller sees the input and the reads of the step before; hidden and new reads go out."""
    seen = np.concatenate([x, state.reads.flatten()])
    hidden, cell = lstm_step(parameters.controller, seen, state.hidden, state.cell)
    raw = clipped(affine(parameters.interface, hidden), parameters.clip)
    heads = [split_head(part, state.memory.shape[1]) for part in np.split(raw, parameters.heads)]
    writes, memory = written(state, heads)
    readers = [content_weighting(head.key, head.strength, memory, parameters.neighbours) for head in heads]
    reads = [sum(weight * row for weight, row in zip(weighting, memory, strict=True)) for weighting in readers]
    accessed = [sum(writes[:, slot]) + sum(weighting[slot] for weighting in readers) for slot in range(len(memory))]
    age = [0 if weight > DELTA else steps + 1 for weight, steps in zip(accessed, state.age, strict=True)]
    after = State(hidden, cell, np.array(reads), np.array(readers), age, memory)
    return np.concatenate([hidden, after.reads.flatten()]), after
