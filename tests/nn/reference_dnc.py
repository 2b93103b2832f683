"""The Differentiable Neural Computer in plain numpy: one sequence, float64, loops over slots, heads and width.

Graves et al. 2016, Methods, https://doi.org/10.1038/nature20101; the switches are those of Csordas & Schmidhuber 2019,
https://arxiv.org/abs/1904.10278. Written from the equations, never from the package: its tests hold the package's cell
against this one. Nothing here is meant to be fast.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from nn.reference_ntm import (
    Layer,
    Matrix,
    Vector,
    affine,
    clipped,
    content_weighting,
    lstm_step,
    read,
    sigmoid,
    softmax,
    softplus,
)

USAGE_FLOOR = 1e-6


class Interface(NamedTuple):
    """The interface vector taken apart, every entry in its range; R read heads, width W."""

    read_keys: Matrix
    read_strengths: Vector
    write_key: Vector
    write_strength: float
    erase: Vector
    write_vector: Vector
    free_gates: Vector
    allocation_gate: float
    write_gate: float
    read_modes: Matrix
    read_masks: Matrix
    write_mask: Vector
    forward_exponents: Vector
    backward_exponents: Vector


class Parameters(NamedTuple):
    """The arrays, sizes and switches of one machine."""

    controller: Layer
    interface: Layer
    read_heads: int
    clip: float
    masked: bool
    deallocation: bool
    sharpened: bool


class State(NamedTuple):
    """What one sequence carries from step to step; R read heads, N slots, width W."""

    hidden: Vector
    cell: Vector
    reads: Matrix
    read_weightings: Matrix
    write_weighting: Vector
    usage: Vector
    precedence: Vector
    link: Matrix
    memory: Matrix


def oneplus(x: float) -> float:
    """1 + log(1 + e^x)."""
    return 1.0 + softplus(x)


def each(function: Callable[[float], float], values: Vector) -> Vector:
    """The function of every entry."""
    return np.array([function(value) for value in values.flat]).reshape(values.shape)


def split_interface(vector: Vector, parameters: Parameters, width: int) -> Interface:
    """The interface vector cut in the paper's order, then masks and exponents where they are switched on."""
    heads, start = parameters.read_heads, 0

    def take(size: int) -> Vector:
        nonlocal start
        start += size
        return vector[start - size : start]

    masked, powered = parameters.masked, parameters.sharpened
    interface = Interface(
        read_keys=take(heads * width).reshape(heads, width),
        read_strengths=each(oneplus, take(heads)),
        write_key=take(width),
        write_strength=oneplus(take(1)[0]),
        erase=each(sigmoid, take(width)),
        write_vector=take(width),
        free_gates=each(sigmoid, take(heads)),
        allocation_gate=sigmoid(take(1)[0]),
        write_gate=sigmoid(take(1)[0]),
        read_modes=np.array([softmax(row) for row in take(3 * heads).reshape(heads, 3)]),
        read_masks=(each(sigmoid, take(heads * width)) if masked else np.ones(heads * width)).reshape(heads, width),
        write_mask=each(sigmoid, take(width)) if masked else np.ones(width),
        forward_exponents=each(oneplus, take(heads)) if powered else np.ones(heads),
        backward_exponents=each(oneplus, take(heads)) if powered else np.ones(heads),
    )
    assert start == len(vector)
    return interface


def masked_content_weighting(key: Vector, strength: float, mask: Vector, memory: Matrix) -> Vector:
    """Content look-up in which key and memory are first multiplied by the mask (Csordas & Schmidhuber, 3.1)."""
    masked_memory = np.array([[m * value for m, value in zip(mask, row, strict=True)] for row in memory])
    masked_key = np.array([m * value for m, value in zip(mask, key, strict=True)])
    return content_weighting(masked_key, strength, masked_memory)


def retention(free_gates: Vector, read_weightings: Matrix) -> Vector:
    """psi_t(i) = prod_r (1 - f_t^r w_{t-1}^r(i))."""
    psi = np.ones(read_weightings.shape[1])
    for gate, weighting in zip(free_gates, read_weightings, strict=True):
        for i in range(len(psi)):
            psi[i] *= 1.0 - gate * weighting[i]
    return psi


def updated_usage(usage: Vector, write_weighting: Vector, psi: Vector) -> Vector:
    """u_t = (u_{t-1} + w_{t-1}^w - u_{t-1} w_{t-1}^w) psi_t."""
    return np.array([(u + w - u * w) * p for u, w, p in zip(usage, write_weighting, psi, strict=True)])


def free_list(usage: Vector) -> list[int]:
    """The slots from the least used to the most used, equals by slot index."""
    return sorted(range(len(usage)), key=lambda slot: (usage[slot], slot))


def allocation_weighting(usage: Vector) -> Vector:
    """a[phi_j] = (1 - u[phi_j]) prod_{i<j} u[phi_i], of the usage lifted off zero."""
    lifted = [USAGE_FLOOR + (1.0 - USAGE_FLOOR) * u for u in usage]
    allocation, product = np.zeros(len(usage)), 1.0
    for slot in free_list(usage):
        allocation[slot] = (1.0 - lifted[slot]) * product
        product *= lifted[slot]
    return allocation


def new_write_weighting(allocation: Vector, content: Vector, allocation_gate: float, write_gate: float) -> Vector:
    """w^w = g^w (g^a a + (1 - g^a) c^w)."""
    pairs = zip(allocation, content, strict=True)
    return np.array([write_gate * (allocation_gate * a + (1.0 - allocation_gate) * c) for a, c in pairs])


def written(memory: Matrix, kept: Vector, weighting: Vector, erase: Vector, vector: Vector) -> Matrix:
    """M_t = M_{t-1} o (kept 1^T) o (1 - w e^T) + w v^T; kept is 1 but for deallocation."""
    result = np.zeros_like(memory)
    for i in range(memory.shape[0]):
        for j in range(memory.shape[1]):
            result[i, j] = memory[i, j] * kept[i] * (1.0 - weighting[i] * erase[j]) + weighting[i] * vector[j]
    return result


def updated_link(link: Matrix, weighting: Vector, precedence: Vector) -> Matrix:
    """L_t[i, j] = (1 - w[i] - w[j]) L_{t-1}[i, j] + w[i] p_{t-1}[j], zero on the diagonal."""
    slots = len(weighting)
    result = np.zeros((slots, slots))
    for i in range(slots):
        for j in range(slots):
            if i != j:
                result[i, j] = (1.0 - weighting[i] - weighting[j]) * link[i, j] + weighting[i] * precedence[j]
    return result


def updated_precedence(precedence: Vector, weighting: Vector) -> Vector:
    """p_t = (1 - sum_i w(i)) p_{t-1} + w."""
    total = sum(weighting)
    return np.array([(1.0 - total) * p + w for p, w in zip(precedence, weighting, strict=True)])


def forward_weighting(link: Matrix, weighting: Vector) -> Vector:
    """f = L w."""
    return np.array([sum(link[i, j] * weighting[j] for j in range(len(link))) for i in range(len(link))])


def backward_weighting(link: Matrix, weighting: Vector) -> Vector:
    """b = L^T w."""
    return np.array([sum(link[j, i] * weighting[j] for j in range(len(link))) for i in range(len(link))])


def powered(weighting: Vector, exponent: float) -> Vector:
    """S(d, s)_i = d_i^s / sum_j d_j^s (Csordas & Schmidhuber, 3.3); the largest is divided out first.

    Where nothing is linked this is 0/0. The authors' code adds 1e-6 to every d, which gives the uniform weighting.
    """
    if max(weighting) == 0:
        return np.full(len(weighting), 1.0 / len(weighting))
    powers = [(value / max(weighting)) ** exponent for value in weighting]
    return np.array([power / sum(powers) for power in powers])


def mixed(modes: Vector, backward: Vector, content: Vector, forward: Vector) -> Vector:
    """w^r = pi_1 b + pi_2 c + pi_3 f."""
    triples = zip(backward, content, forward, strict=True)
    return np.array([modes[0] * b + modes[1] * c + modes[2] * f for b, c, f in triples])


def write_weighting_of(interface: Interface, usage: Vector, memory: Matrix) -> Vector:
    """The weighting of the write head: content from the old memory, allocation from the new usage."""
    content = masked_content_weighting(interface.write_key, interface.write_strength, interface.write_mask, memory)
    return new_write_weighting(allocation_weighting(usage), content, interface.allocation_gate, interface.write_gate)


def read_weighting_of(
    interface: Interface, head: int, previous: Vector, link: Matrix, memory: Matrix, sharpened: bool
) -> Vector:
    """The weighting of one read head: content from the new memory, order from the new link."""
    content = masked_content_weighting(
        interface.read_keys[head], interface.read_strengths[head], interface.read_masks[head], memory
    )
    forward, backward = forward_weighting(link, previous), backward_weighting(link, previous)
    if sharpened:
        forward = powered(forward, interface.forward_exponents[head])
        backward = powered(backward, interface.backward_exponents[head])
    return mixed(interface.read_modes[head], backward, content, forward)


def memory_step(interface: Interface, state: State, parameters: Parameters) -> State:
    """Everything but the controller: usage, write, link, then the reads from the memory just written."""
    psi = retention(interface.free_gates, state.read_weightings)
    usage = updated_usage(state.usage, state.write_weighting, psi)
    weighting = write_weighting_of(interface, usage, state.memory)
    kept = psi if parameters.deallocation else np.ones(len(psi))
    memory = written(state.memory, kept, weighting, interface.erase, interface.write_vector)
    link = updated_link(state.link, weighting, state.precedence)
    read_weightings = np.array(
        [
            read_weighting_of(interface, head, previous, link, memory, parameters.sharpened)
            for head, previous in enumerate(state.read_weightings)
        ]
    )
    return state._replace(
        reads=np.array([read(read_weighting, memory) for read_weighting in read_weightings]),
        read_weightings=read_weightings,
        write_weighting=weighting,
        usage=usage,
        precedence=updated_precedence(state.precedence, weighting),
        link=link,
        memory=memory,
    )


def step(parameters: Parameters, state: State, x: Vector) -> tuple[Vector, State]:
    """One step: the controller sees the input and the reads of the step before; hidden and new reads go out."""
    seen = np.concatenate([x, state.reads.flatten()])
    hidden, cell = lstm_step(parameters.controller, seen, state.hidden, state.cell)
    hidden, cell = clipped(hidden, parameters.clip), clipped(cell, parameters.clip)
    raw = clipped(affine(parameters.interface, hidden), parameters.clip)
    interface = split_interface(raw, parameters, state.memory.shape[1])
    new_state = memory_step(interface, state._replace(hidden=hidden, cell=cell), parameters)
    return np.concatenate([hidden, new_state.reads.flatten()]), new_state
