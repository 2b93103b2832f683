"""A SAM whose weightings are dense: all but the chosen slots are masked. Same equations, same weights, other code."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class DenseState(NamedTuple):
    """What it carries from step to step; controller as the cell has it, weighting [B, H, N], memory [B, N, W]."""

    controller: tuple
    reads: Tensor
    weighting: Tensor
    age: Tensor
    memory: Tensor


def dense_state(state, slots):
    """The dense form of a `SAMState`."""
    return DenseState(state.controller, state.reads, state.read_weighting.dense(slots), state.age, state.memory)


def first_of(values, count):
    """A mask over the `count` largest values of each row; of equals, over the first ones."""
    places = values.detach().argsort(dim=-1, descending=True, stable=True)[..., :count]
    return torch.zeros_like(values, dtype=torch.bool).scatter(-1, places, True)


def content(memory, told, count):
    """The softmax over all slots of strength times cosine, with all but the `count` best masked."""
    cosine = functional.normalize(told.key, dim=-1) @ functional.normalize(memory, dim=-1).mT
    scores = told.key_strength.unsqueeze(-1) * cosine
    return scores.masked_fill(~first_of(scores, count), -torch.inf).softmax(-1)


def oldest(age, count):
    """One-hot rows [B, count, N] at the slots that were not accessed for longest, the first of equals first."""
    places = age.argsort(dim=-1, descending=True, stable=True)[:, :count]
    return functional.one_hot(places, age.shape[-1]).double()


def dense_step(cell, inputs, state):
    """The step of a `SAMCell`."""
    hidden, controller = cell.controller(torch.cat([inputs, state.reads.flatten(1)], dim=-1), state.controller)
    told = cell.parse(hidden)
    unused = oldest(state.age, cell.read_heads)
    write, reuse = told.write_gate.unsqueeze(-1), told.interpolation_gate.unsqueeze(-1)
    written = write * (reuse * state.weighting + (1 - reuse) * unused)
    memory = (1 - unused.sum(1)).unsqueeze(-1) * state.memory + written.mT @ told.write_word
    weighting = content(memory, told, cell.neighbours)
    reads = weighting @ memory
    age = torch.where((written + weighting).sum(1) > 0.005, 0, state.age + 1)
    return torch.cat([hidden, reads.flatten(1)], dim=-1), DenseState(controller, reads, weighting, age, memory)
