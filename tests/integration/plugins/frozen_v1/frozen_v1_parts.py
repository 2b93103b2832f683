"""A model and a task, by the names that version 1 of the plugin API exports."""

import numpy as np
import torch

from mann_bench import Batch, BitVectorTask, Observation, RecurrentModel, Size


class Shelf(RecurrentModel):
    """Keeps the last inputs on a shelf of slots, under a linear map."""

    def __init__(self, input_size: int, output_size: int, *, slots: int = 4, bias: bool = True) -> None:
        super().__init__(input_size, output_size)
        self.slots = slots
        self.readout = torch.nn.Linear(slots * input_size, output_size, bias)

    def initial_state(self, batch_size: int) -> torch.Tensor:
        return self.readout.weight.new_zeros(batch_size, self.slots, self.input_size)

    def step(self, inputs: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        state = torch.cat([inputs[:, None], state[:, :-1]], dim=1)
        return self.readout(state.flatten(1)), state

    def observe(self, inputs: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, Observation]:
        logits, state = self.step(inputs, state)
        everywhere = state.new_full((len(state), 1, self.slots), 1 / self.slots)
        first = torch.zeros_like(everywhere)
        first[..., 0] = 1
        return (
            logits,
            state,
            Observation(everywhere, first, state, {"interpolation_gate": state.new_ones(len(state), 1)}),
        )


class Echo(BitVectorTask):
    """The bit that was read `delay` steps before; until then nothing is scored."""

    def __init__(self, *, delay: int = 2, max_length: int = 6) -> None:
        super().__init__()
        if not 1 <= delay < max_length:
            raise ValueError("expected 1 <= delay < max_length")
        self.delay, self.max_length = delay, max_length
        self.input_size = self.output_size = 1

    def training_sizes(self) -> list[Size]:
        return [{"length": n} for n in range(self.delay + 1, self.max_length + 1)]

    def test_sizes(self) -> list[Size]:
        return [{"length": 6}, {"length": 12}]

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        bits = torch.from_numpy(rng.integers(0, 2, size=(size["length"], count, 1)).astype(np.float32))
        mask = torch.ones(size["length"], count)
        mask[: self.delay] = 0
        return Batch(bits, self._delayed(bits), mask)

    def oracle(self, inputs: torch.Tensor) -> torch.Tensor:
        return self._delayed(inputs) * 60 - 30

    def chance(self, size: Size) -> dict[str, float]:
        scored = float(size["length"] - self.delay)
        return {"loss_bits": scored, "bit_errors": scored / 2}

    def rows_to_remember(self, size: Size) -> int:
        return min(self.delay, size["length"])

    def _delayed(self, bits: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.zeros_like(bits[: self.delay]), bits[: -self.delay]])
