"""Copy: write down a sequence of bit vectors, then say it back."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.core.sizes import Size
from mann_bench.tasks.base import Batch
from mann_bench.tasks.bit_vectors import LONGEST, Bits, BitVectorTask, as_batch, bits, certain

_TEST_LENGTHS = (20, 40, 60, 80, 100, 120)


class Copy(BitVectorTask):
    """Copy (Graves et al. 2014, section 4.1).

    Inputs: `length` rows of random bits, a delimiter row, `length` zero rows. Targets: the bits again, on
    the last `length` rows, and only those rows are scored. T = 2 * length + 1.

    With two bits a row, length 2, the rows 10 and 11 (channels: bits, then delimiter):

        options  bits=2,min_length=2,max_length=2
        inputs   100 110 001 000 000
        targets   --  --  --  10  11

    The same example with layout ``collier2018``:

        options  layout=collier2018,bits=2,min_length=2,max_length=2
        inputs   100 110 111 000 000
        targets   --  --  --  10  11

    Chance at length 20 and 8 bits: 160 bits of cross-entropy, 80 bit errors a sequence.

    Args:
        layout: ``graves2014`` sets the delimiter channel alone in the delimiter row, ``collier2018`` sets
            every channel.
        bits: data bits a row, 1 or more; the paper uses 8.
        min_length: shortest training length, in rows, 1 or more; the paper uses 1.
        max_length: longest training length, in rows, itself included; the paper uses 20.
    """

    def __init__(
        self,
        *,
        layout: Literal["graves2014", "collier2018"] = "graves2014",
        bits: int = 8,
        min_length: int = 1,
        max_length: int = 20,
    ) -> None:
        super().__init__()
        if bits < 1 or not 1 <= min_length <= max_length <= LONGEST:
            raise ValueError(f"copy needs bits >= 1 and 1 <= min_length <= max_length <= {LONGEST:,}")
        self.layout, self.bits = layout, bits
        self.min_length, self.max_length = min_length, max_length
        self.input_size, self.output_size = bits + 1, bits

    def training_sizes(self) -> list[Size]:
        """Return every length from `min_length` to `max_length`."""
        return [{"length": n} for n in range(self.min_length, self.max_length + 1)]

    def test_sizes(self) -> list[Size]:
        """Return lengths 20 to 120 in steps of 20."""
        return [{"length": n} for n in _TEST_LENGTHS]

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of ``size["length"]`` rows."""
        return self.encode(bits(rng, size["length"], count, self.bits))

    def encode(self, data: Bits) -> Batch:
        """Lay out the rows `data`, [length, B, bits]."""
        length, count, _ = data.shape
        inputs = np.zeros((2 * length + 1, count, self.input_size), dtype=np.float32)
        inputs[:length, :, : self.bits] = data
        inputs[length, :, self.bits if self.layout == "graves2014" else slice(None)] = 1.0
        targets = np.zeros((2 * length + 1, count, self.output_size), dtype=np.float32)
        targets[length + 1 :] = data
        return as_batch(inputs, targets, length)

    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Fill a buffer until the delimiter, then empty it in order."""
        length = inputs.shape[0] // 2
        target_bits = torch.zeros(*inputs.shape[:2], self.output_size, dtype=inputs.dtype)
        target_bits[length + 1 :] = inputs[:length, :, : self.bits]
        return certain(target_bits)

    def rows_to_remember(self, size: Size) -> int:
        """Every row, until it is said."""
        return size["length"]

    def chance(self, size: Size) -> dict[str, float]:
        """Every scored bit is random."""
        scored = float(size["length"] * self.bits)
        return {"loss_bits": scored, "bit_errors": scored / 2}
