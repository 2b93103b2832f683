"""A model and a task, by the public API alone."""

import numpy as np
import torch

from mann_bench import Batch, BitVectorTask, RecurrentModel


class DecayingTrace(RecurrentModel):
    """A leaky average of the inputs under a linear map."""

    def __init__(self, input_size: int, output_size: int, *, decay: float = 0.5) -> None:
        super().__init__(input_size, output_size)
        self.decay = decay
        self.readout = torch.nn.Linear(input_size, output_size)

    def initial_state(self, batch_size: int) -> torch.Tensor:
        return self.readout.weight.new_zeros(batch_size, self.input_size)

    def step(self, inputs: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        state = self.decay * state + (1 - self.decay) * inputs
        return self.readout(state), state


class Parity(BitVectorTask):
    """After each bit, the parity of all bits so far."""

    def __init__(self, *, max_length: int = 8) -> None:
        super().__init__()
        self.max_length = max_length
        self.input_size = self.output_size = 1

    def training_sizes(self):
        return [{"length": n} for n in range(1, self.max_length + 1)]

    def test_sizes(self):
        return [{"length": 8}, {"length": 16}]

    def generate(self, rng: np.random.Generator, size, count: int) -> Batch:
        bits = rng.integers(0, 2, size=(size["length"], count, 1)).astype(np.float32)
        arrays = bits, np.cumsum(bits, axis=0) % 2, np.ones(bits.shape[:2], np.float32)
        return Batch(*(torch.from_numpy(array.astype(np.float32)) for array in arrays))

    def oracle(self, inputs: torch.Tensor) -> torch.Tensor:
        return (inputs.cumsum(0) % 2) * 60 - 30

    def chance(self, size) -> dict[str, float]:
        return {"loss_bits": float(size["length"]), "bit_errors": size["length"] / 2}
