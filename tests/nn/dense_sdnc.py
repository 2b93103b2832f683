"""An SDNC whose weightings and links are dense: all but what is kept is masked. Same equations, other code."""

from typing import NamedTuple

import torch
from nn.dense_sam import content, first_of, oldest
from torch import Tensor

from mann_bench.nn.sam import Interface


class DenseState(NamedTuple):
    """What it carries; weighting [B, R, N], precedence [B, N], links [B, N, N] as the DNC has them and transposed."""

    controller: tuple
    reads: Tensor
    weighting: Tensor
    age: Tensor
    precedence: Tensor
    links: Tensor
    transposed: Tensor
    memory: Tensor


def dense_state(state, slots):
    """The dense form of an `SDNCState`."""
    links = state.links
    return DenseState(
        state.controller,
        state.reads,
        state.read_weighting.dense(slots),
        state.age,
        links.precedence.dense(slots).squeeze(1),
        links.predecessors.dense(slots),
        links.successors.dense(slots),
        state.memory,
    )


def kept(values, count):
    """The values with all but the `count` largest of each row masked."""
    return values * first_of(values, min(count, values.shape[-1]))


def dense_step(cell, inputs, state):
    """The step of an `SDNCCell`."""
    hidden, controller = cell.controller(torch.cat([inputs, state.reads.flatten(1)], dim=-1), state.controller)
    told = cell.parse(hidden)
    unused = oldest(state.age, 1).squeeze(1)
    written = told.write_gate * torch.lerp(unused, state.weighting.mean(1), told.interpolation_gate)
    memory = (1 - unused).unsqueeze(-1) * state.memory + written.unsqueeze(-1) * told.write_word

    w, p = written.detach(), state.precedence
    links = kept((1 - w.unsqueeze(2)) * state.links + w.unsqueeze(2) * p.unsqueeze(1), cell.links)
    transposed = kept((1 - w.unsqueeze(1)) * state.transposed + p.unsqueeze(2) * w.unsqueeze(1), cell.links)
    precedence = kept((1 - w.sum(-1, keepdim=True)) * p + w, cell.links)

    head = Interface(told.read_keys, told.read_strengths, told.write_word, told.write_gate, told.interpolation_gate)
    modes = told.read_modes.unsqueeze(-1).unbind(2)
    backward, forward = state.weighting @ links, state.weighting @ transposed
    mixed = modes[0] * backward + modes[1] * content(memory, head, cell.neighbours) + modes[2] * forward
    weighting = kept(mixed, cell.neighbours)
    reads = weighting @ memory
    age = torch.where(written + weighting.sum(1) > 0.005, 0, state.age + 1)
    after = DenseState(controller, reads, weighting, age, precedence, links, transposed, memory)
    return torch.cat([hidden, reads.flatten(1)], dim=-1), after
