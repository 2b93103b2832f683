"""Priority sort: shown rows in any order, say those of highest priority back, the highest first."""

import heapq
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.core.sizes import Size
from mann_bench.tasks.base import Batch
from mann_bench.tasks.bit_vectors import LONGEST, Bits, BitVectorTask, as_batch, bits, certain

_TEST_ITEMS = (20, 25, 30, 40)

Priorities = np.ndarray[Any, np.dtype[np.float32]]
"""An array of numbers from -1 to 1."""


class PrioritySort(BitVectorTask):
    """Priority sort (Graves et al. 2014, section 4.5).

    Inputs: `items` rows of random bits, each with a priority, uniform from -1 to 1, then a delimiter row, then
    zero rows. Targets: the rows with the highest four fifths of the priorities, rounded down, each whole, in
    descending order, on the zero rows; of equal priorities the earlier row comes first.

    The paper states neither channels nor a delimiter; both are as in layout ``graves2014`` of repeat copy: bits,
    delimiter, then the number. With three bits a row and the priorities a > b > c > d > e:

        options  bits=3,items=5
        where    a=0.75 b=0.5 c=0.25 d=-0.25 e=-0.5
        inputs   1000b 0100e 1100a 0010c 1010d 00010 00000 00000 00000 00000
        targets   ---   ---   ---   ---   ---   ---   110   100   001   101

    and with the first two priorities exchanged:

        options  bits=3,items=5
        where    a=0.75 b=0.5 c=0.25 d=-0.25 e=-0.5
        inputs   1000e 0100b 1100a 0010c 1010d 00010 00000 00000 00000 00000
        targets   ---   ---   ---   ---   ---   ---   110   010   001   101

    Chance with 20 rows of 8 bits: 128 bits of cross-entropy, 64 bit errors a sequence.

    Args:
        bits: data bits a row, 1 or more; the paper uses 8.
        items: rows of a training sequence, 2 or more; the paper uses 20.
    """

    def __init__(self, *, bits: int = 8, items: int = 20) -> None:
        super().__init__()
        if bits < 1 or not 2 <= items <= LONGEST:
            raise ValueError(f"priority_sort needs bits >= 1 and 2 <= items <= {LONGEST:,}")
        self.bits, self.items = bits, items
        self.input_size, self.output_size = bits + 2, bits

    def training_sizes(self) -> list[Size]:
        """Return the one number of items."""
        return [{"items": self.items}]

    def test_sizes(self) -> list[Size]:
        """Return 20, 25, 30 and 40 items."""
        return [{"items": k} for k in _TEST_ITEMS]

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of ``size["items"]`` rows and a priority for each row."""
        data = bits(rng, size["items"], count, self.bits)
        return self.encode(data, rng.uniform(-1, 1, data.shape[:2]).astype(np.float32))

    def encode(self, data: Bits, priorities: Priorities) -> Batch:
        """Lay out the rows `data`, [items, B, bits], with the priority of each, [items, B]."""
        items, count, _ = data.shape
        answers = _answers(items)
        inputs = np.zeros((items + 1 + answers, count, self.input_size), dtype=np.float32)
        inputs[:items, :, : self.bits] = data
        inputs[:items, :, -1] = priorities
        inputs[items, :, self.bits] = 1.0
        order = np.argsort(-priorities, axis=0, kind="stable")[:answers]  # [answers, B]
        targets = np.zeros((*inputs.shape[:2], self.output_size), dtype=np.float32)
        targets[items + 1 :] = np.take_along_axis(data, order[:, :, None], axis=0)
        return as_batch(inputs, targets, answers)

    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Push the rows onto a heap until the delimiter, then pop one a step."""
        target_bits = torch.zeros(*inputs.shape[:2], self.output_size, dtype=inputs.dtype)
        for b in range(inputs.shape[1]):
            heap: list[tuple[float, int]] = []
            steps = iter(range(len(inputs)))
            for t in steps:
                if inputs[t, b, self.bits]:
                    break
                heapq.heappush(heap, (-float(inputs[t, b, -1]), t))
            for t in steps:
                _, row = heapq.heappop(heap)
                target_bits[t, b] = inputs[row, b, : self.bits]
        return certain(target_bits)

    def rows_to_remember(self, size: Size) -> int:
        """Every row, until the last is seen."""
        return size["items"]

    def chance(self, size: Size) -> dict[str, float]:
        """Every scored bit is random."""
        scored = float(_answers(size["items"]) * self.bits)
        return {"loss_bits": scored, "bit_errors": scored / 2}


def _answers(items: int) -> int:
    return items * 4 // 5
