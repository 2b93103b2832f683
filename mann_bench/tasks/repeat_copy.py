"""Repeat copy: say a sequence back as often as asked, and know when to stop."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.core.sizes import Size
from mann_bench.tasks.base import Batch
from mann_bench.tasks.bit_vectors import LONGEST, Bits, BitVectorTask, as_batch, bits, certain

_TEST_SIZES = ((10, 10), (20, 10), (10, 20), (20, 20))


class RepeatCopy(BitVectorTask):
    """Repeat copy (Graves et al. 2014, section 4.2).

    Layout ``graves2014``: `length` data rows, a row with the delimiter channel set, a row with the repeat
    count on the last channel as (repeats - mean) / deviation of the training distribution, then zero rows.
    Targets: `repeats` copies and then one row with only the end marker, an output channel of its own. With
    two bits a row, length 1, the row 10, two repeats (channels: bits, delimiter, count; c is the count):

        options  bits=2,max_length=1
        where    c=-1.2185
        inputs   1000 0010 000c 0000 0000 0000
        targets   ---  ---  ---  100  100  001

    Layout ``collier2018``: `length` data rows, one row of ones whose last channel is repeats / max_repeats,
    then zero rows. Targets: the copies alone. The same example (channels: bits, count):

        options  layout=collier2018,bits=2,max_length=1
        where    c=0.2
        inputs   100 11c 000 000
        targets   --  --  10  10

    Chance at 10 rows of 8 bits and 10 repeats: 800 data bits, 400 data bit errors a sequence.

    Args:
        layout: ``graves2014`` has a delimiter row, the normalised repeat count in a row of its own and an end marker,
            ``collier2018`` one row of ones with the count and no end marker; as above.
        bits: data bits a row, 1 or more; the paper uses 8.
        min_length: shortest training length, in rows, 1 or more; the paper uses 1.
        max_length: longest training length, in rows, itself included; the paper uses 10.
        min_repeats: fewest repeats in training, 1 or more; the paper uses 1.
        max_repeats: most repeats in training, itself included; the paper uses 10.
    """

    def __init__(
        self,
        *,
        layout: Literal["graves2014", "collier2018"] = "graves2014",
        bits: int = 8,
        min_length: int = 1,
        max_length: int = 10,
        min_repeats: int = 1,
        max_repeats: int = 10,
    ) -> None:
        super().__init__()
        if bits < 1 or not 1 <= min_length <= max_length or not 1 <= min_repeats <= max_repeats:
            raise ValueError("repeat_copy needs bits >= 1 and 1 <= min <= max for lengths and repeats")
        if max_length * max_repeats > LONGEST:
            raise ValueError(f"repeat_copy says at most {LONGEST:,} rows: give a smaller max_length or max_repeats")
        self.layout, self.bits = layout, bits
        self.min_length, self.max_length = min_length, max_length
        self.min_repeats, self.max_repeats = min_repeats, max_repeats
        self.has_end_marker = layout == "graves2014"
        self.input_size = bits + 2 if self.has_end_marker else bits + 1
        self.output_size = bits + self.has_end_marker

    def training_sizes(self) -> list[Size]:
        """Return every pair of length and repeat count."""
        return [
            {"length": n, "repeats": r}
            for n in range(self.min_length, self.max_length + 1)
            for r in range(self.min_repeats, self.max_repeats + 1)
        ]

    def test_sizes(self) -> list[Size]:
        """Return (10, 10), (20, 10), (10, 20) and (20, 20)."""
        return [{"length": n, "repeats": r} for n, r in _TEST_SIZES]

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of ``size["length"]`` rows, to be said ``size["repeats"]`` times."""
        return self.encode(bits(rng, size["length"], count, self.bits), size["repeats"])

    def encode(self, data: Bits, repeats: int) -> Batch:
        """Lay out the rows `data`, [length, B, bits], for `repeats` copies."""
        length, count, _ = data.shape
        header = length + (2 if self.has_end_marker else 1)
        scored = repeats * length + self.has_end_marker
        inputs = np.zeros((header + scored, count, self.input_size), dtype=np.float32)
        inputs[:length, :, : self.bits] = data
        inputs[length, :, self.bits if self.has_end_marker else slice(None)] = 1.0
        inputs[header - 1, :, -1] = self.count_to_channel(repeats)
        targets = np.zeros((header + scored, count, self.output_size), dtype=np.float32)
        targets[header : header + repeats * length, :, : self.bits] = np.tile(data, (repeats, 1, 1))
        if self.has_end_marker:
            targets[-1, :, -1] = 1.0
        return as_batch(inputs, targets, scored)

    def count_to_channel(self, repeats: int) -> float:
        """Return the value that stands for a repeat count on the input's last channel."""
        offset, scale = self._count_map()
        return (repeats - offset) / scale

    def channel_to_count(self, value: float) -> int:
        """Return the repeat count that a value on the input's last channel stands for."""
        offset, scale = self._count_map()
        return round(value * scale + offset)

    def _count_map(self) -> tuple[float, float]:
        if not self.has_end_marker:
            return 0.0, float(self.max_repeats)
        choices = self.max_repeats - self.min_repeats + 1
        deviation = float(np.sqrt((choices**2 - 1) / 12)) or 1.0
        return (self.min_repeats + self.max_repeats) / 2, deviation

    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Fill a buffer until the delimiter, read the count, loop over the buffer, mark the end."""
        target_bits = torch.zeros(*inputs.shape[:2], self.output_size, dtype=inputs.dtype)
        for b in range(inputs.shape[1]):
            rows = inputs[:, b]
            length = self._delimiter_at(rows)
            time = length + (2 if self.has_end_marker else 1)
            for _ in range(self.channel_to_count(float(rows[time - 1, -1]))):
                target_bits[time : time + length, b, : self.bits] = rows[:length, : self.bits]
                time += length
            if self.has_end_marker:
                target_bits[time, b, -1] = 1.0
        return certain(target_bits)

    def _delimiter_at(self, rows: Float[Tensor, "T I"]) -> int:
        # The delimiter channel, or in layout collier2018 the count's, is zero on every data row.
        return int(rows[:, self.bits].nonzero()[0])

    def rows_to_remember(self, size: Size) -> int:
        """Every row, until all is said."""
        return size["length"]

    def chance(self, size: Size) -> dict[str, float]:
        """Data bits are random; the end marker is one where the constant predictor says zero."""
        data = float(size["length"] * size["repeats"] * self.bits)
        if not self.has_end_marker:
            return {"loss_bits": data, "bit_errors": data / 2}
        scored = float((size["length"] * size["repeats"] + 1) * self.output_size)
        return {"loss_bits": scored, "bit_errors": data / 2 + 1}
