"""Recurrent models as an author of a plugin writes them first: plain PyTorch, one time step, no native recurrence."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mann_bench.models.base import RecurrentModel


class GatedUnits(RecurrentModel):
    """A gated recurrent unit, written out: little arithmetic a step, so that what surrounds it shows."""

    def __init__(self, input_size: int, output_size: int, *, units: int = 180) -> None:
        super().__init__(input_size, output_size)
        self.units = units
        self.gates = nn.Linear(input_size + units, 2 * units)
        self.candidate = nn.Linear(input_size + units, units)
        self.readout = nn.Linear(units, output_size)

    def initial_state(self, batch_size: int) -> tuple[Tensor, ...]:
        """Return zeros."""
        return (self.gates.weight.new_zeros(batch_size, self.units),)

    def step(self, inputs: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Blend the old state with a candidate."""
        (hidden,) = state
        reset, update = torch.sigmoid(self.gates(torch.cat((inputs, hidden), -1))).chunk(2, -1)
        candidate = torch.tanh(self.candidate(torch.cat((inputs, reset * hidden), -1)))
        hidden = torch.lerp(candidate, hidden, update)
        return self.readout(hidden), (hidden,)


class MatrixState(NamedTuple):
    """A hidden state [B, H] and a memory [B, W, W]."""

    hidden: Tensor
    memory: Tensor


class MatrixMemory(RecurrentModel):
    """A memory of outer products that a gated controller writes by the delta rule, and reads by a query."""

    def __init__(self, input_size: int, output_size: int, *, units: int = 100, width: int = 32) -> None:
        super().__init__(input_size, output_size)
        self.units, self.width = units, width
        self.controller = nn.LSTMCell(input_size + width, units)
        self.heads = nn.Linear(units, 3 * width + 2)
        self.readout = nn.Linear(units + width, output_size)

    def initial_state(self, batch_size: int) -> tuple[MatrixState, Tensor, Tensor]:
        """Return zeros."""
        zeros = self.heads.weight.new_zeros
        memory = zeros(batch_size, self.width, self.width)
        return MatrixState(zeros(batch_size, self.units), memory), zeros(batch_size, self.units), memory[:, 0].clone()

    def step(
        self, inputs: Tensor, state: tuple[MatrixState, Tensor, Tensor]
    ) -> tuple[Tensor, tuple[MatrixState, Tensor, Tensor]]:
        """Write the difference of a value from what its key finds, then read."""
        (hidden, memory), carried, read = state
        hidden, carried = self.controller(torch.cat((inputs, read), -1), (hidden, carried))
        parts = self.heads(hidden).split([self.width] * 3 + [1, 1], -1)
        key, query = (nn.functional.normalize(part, dim=-1) for part in parts[:2])
        value, rate, decay = parts[2], torch.sigmoid(parts[3]), torch.sigmoid(parts[4] + 3)
        found = torch.einsum("bvk,bk->bv", memory, key)
        memory = decay.unsqueeze(-1) * memory + torch.einsum("bv,bk->bvk", rate * (value - found), key)
        read = torch.einsum("bvk,bk->bv", memory, query)
        return self.readout(torch.cat((hidden, read), -1)), (MatrixState(hidden, memory), carried, read)


class NeuralStack(RecurrentModel):
    """An RNN with a differentiable stack (Joulin & Mikolov 2015, https://arxiv.org/abs/1503.01007)."""

    def __init__(self, input_size: int, output_size: int, *, units: int = 64, depth: int = 40, width: int = 16) -> None:
        super().__init__(input_size, output_size)
        self.units, self.depth, self.width = units, depth, width
        self.controller = nn.Linear(input_size + units + width, units)
        self.heads = nn.Linear(units, 3 + width)
        self.readout = nn.Linear(units, output_size)

    def initial_state(self, batch_size: int) -> tuple[Tensor, Tensor]:
        """Return zeros."""
        zeros = self.heads.weight.new_zeros
        return zeros(batch_size, self.units), zeros(batch_size, self.depth, self.width)

    def step(self, inputs: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Blend the stack after a push, after a pop, and as it is."""
        hidden, stack = state
        hidden = torch.tanh(self.controller(torch.cat((inputs, hidden, stack[:, 0]), -1)))
        heads = self.heads(hidden)
        push, pop, keep = torch.softmax(heads[:, :3], -1)[..., None].unbind(1)
        value = torch.sigmoid(heads[:, 3:])
        pushed = torch.cat((value.unsqueeze(1), stack[:, :-1]), 1)
        popped = nn.functional.pad(stack[:, 1:], (0, 0, 0, 1))
        stack = push.unsqueeze(-1) * pushed + pop.unsqueeze(-1) * popped + keep.unsqueeze(-1) * stack
        return self.readout(hidden), (hidden, stack)
