import pytest
import torch

from mann_bench.models.base import Observation, RecurrentModel


class Scripted(RecurrentModel):
    """Writes and reads as it is told: head k at step t is wholly at slot `slots[t][k]`."""

    def __init__(self, slots, memory_slots, input_size=9, output_size=8):
        super().__init__(input_size, output_size)
        self.weightings = torch.eye(memory_slots)[torch.tensor(slots)]  # [T, heads, N]

    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, 1),)

    def step(self, inputs, state):
        return inputs.new_zeros(len(inputs), self.output_size), (state[0] + 1,)

    def observe(self, inputs, state):
        batch, step = len(inputs), int(state[0][0]) % len(self.weightings)
        weightings = self.weightings[step].expand(batch, -1, -1)
        memory = torch.full((batch, weightings.shape[-1], 4), float(step))
        gates = {"write_gate": torch.full((batch, 1), 0.25), "step": torch.full((batch, 2), float(step))}
        return *self.step(inputs, state), Observation(weightings, weightings, memory, gates)


@pytest.fixture
def scripted():
    """Build a model whose heads are where they are told to be, step by step and then again from the first."""
    return lambda slots, memory_slots=16: Scripted(slots, memory_slots)
