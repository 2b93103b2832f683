"""Associative recall: shown a list of items and then one of them, name the item that followed it."""

import itertools
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.core.sizes import Size
from mann_bench.tasks.base import Batch
from mann_bench.tasks.bit_vectors import Bits, BitVectorTask, as_batch, bits, certain

_TEST_ITEMS = (6, 8, 10, 12, 15, 20)


class AssociativeRecall(BitVectorTask):
    """Associative recall (Graves et al. 2014, section 4.3).

    An item is `item_rows` rows of `bits` random bits. All items of a sequence differ, so that the answer is
    unique. The query is any item but the last; the target is the item after it, on the last rows.

    Layout ``graves2014``: before every item a row with the item delimiter set, before and after the query a
    row with the query delimiter set. With two bits, items 10 00 11 and 01 01 00, the first as query (channels:
    bits, item delimiter, query delimiter):

        options  bits=2,max_items=2
        inputs   0010 1000 0000 1100 0010 0100 0100 0000 0001 1000 0000 1100 0001 0000 0000 0000
        targets   --   --   --   --   --   --   --   --   --   --   --   --   --   01   01   00

    Layout ``collier2018``: items back to back, before and after the query a row of ones (channels: bits,
    delimiter). The same example:

        options  layout=collier2018,bits=2,max_items=2
        inputs   100 000 110 010 010 000 111 100 000 110 111 000 000 000
        targets   --  --  --  --  --  --  --  --  --  --  --  01  01  00

    Chance with 3 rows of 6 bits: 18 bits of cross-entropy, 9 bit errors a sequence.

    Args:
        layout: ``graves2014`` sets a row before each item and around the query on delimiter channels of their own,
            ``collier2018`` has items back to back and rows of ones around the query; as above.
        bits: data bits a row, 1 or more; the paper uses 6.
        item_rows: rows an item, 1 or more; the paper uses 3.
        min_items: fewest items of a training sequence, 2 or more; the paper uses 2.
        max_items: most items of a training sequence, itself included; the paper uses 6.
    """

    def __init__(
        self,
        *,
        layout: Literal["graves2014", "collier2018"] = "graves2014",
        bits: int = 6,
        item_rows: int = 3,
        min_items: int = 2,
        max_items: int = 6,
    ) -> None:
        super().__init__()
        if bits < 1 or item_rows < 1 or not 2 <= min_items <= max_items:
            raise ValueError("associative_recall needs bits >= 1, item_rows >= 1 and 2 <= min_items <= max_items")
        if 8 * 2 ** min(bits * item_rows, 62) < max(max_items, *_TEST_ITEMS) ** 2:
            raise ValueError("associative_recall needs more bits an item: drawn at random, its items must differ")
        self.layout, self.bits, self.item_rows = layout, bits, item_rows
        self.min_items, self.max_items = min_items, max_items
        self.has_item_delimiters = layout == "graves2014"
        self.input_size = bits + 2 if self.has_item_delimiters else bits + 1
        self.output_size = bits

    def training_sizes(self) -> list[Size]:
        """Return every number of items from `min_items` to `max_items`."""
        return [{"items": k} for k in range(self.min_items, self.max_items + 1)]

    def test_sizes(self) -> list[Size]:
        """Return 6, 8, 10, 12, 15 and 20 items."""
        return [{"items": k} for k in _TEST_ITEMS]

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of ``size["items"]`` items and a query for each."""
        number = size["items"]
        items = bits(rng, count, number, self.item_rows, self.bits)
        while (again := _has_twins(items)).any():
            items[again] = bits(rng, int(again.sum()), number, self.item_rows, self.bits)
        return self.encode(items, rng.integers(number - 1, size=count))

    def encode(self, items: Bits, query: np.ndarray[Any, np.dtype[np.int64]]) -> Batch:
        """Lay out `items`, [B, items, item_rows, bits], with the index of the query of each sequence, [B]."""
        count, number = items.shape[:2]
        head = int(self.has_item_delimiters)
        listed = np.zeros((count, number, head + self.item_rows, self.input_size), dtype=np.float32)
        listed[:, :, head:, : self.bits] = items
        if head:
            listed[:, :, 0, self.bits] = 1.0
        chosen = np.arange(count)
        asked = np.zeros((count, self.item_rows + 2, self.input_size), dtype=np.float32)
        asked[:, 1:-1, : self.bits] = items[chosen, query]
        asked[:, [0, -1], -1 if head else slice(None)] = 1.0
        blank = np.zeros((count, self.item_rows, self.input_size), dtype=np.float32)
        inputs = np.concatenate([listed.reshape(count, -1, self.input_size), asked, blank], axis=1)
        targets = np.zeros((*inputs.shape[:2], self.output_size), dtype=np.float32)
        targets[:, -self.item_rows :] = items[chosen, query + 1]
        return as_batch(inputs.swapaxes(0, 1).copy(), targets.swapaxes(0, 1).copy(), self.item_rows)

    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Put each item into a dictionary under the item before it, then look the query up."""
        rows, head = self.item_rows, int(self.has_item_delimiters)
        target_bits = torch.zeros(*inputs.shape[:2], self.output_size, dtype=inputs.dtype)
        end = inputs.shape[0] - 2 * rows - 2
        for b in range(inputs.shape[1]):
            data = inputs[:, b, : self.bits]
            items = [data[t + head : t + head + rows] for t in range(0, end, head + rows)]
            follower = {_name(key): value for key, value in itertools.pairwise(items)}
            target_bits[-rows:, b] = follower[_name(data[end + 1 : end + 1 + rows])]
        return certain(target_bits)

    def rows_to_remember(self, size: Size) -> int:
        """The rows of all items."""
        return size["items"] * self.item_rows

    def chance(self, size: Size) -> dict[str, float]:
        """Every scored bit is random."""
        scored = float(self.item_rows * self.bits)
        return {"loss_bits": scored, "bit_errors": scored / 2}


def _name(item: Tensor) -> tuple[float, ...]:
    return tuple(item.flatten().tolist())


def _has_twins(items: Bits) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell for each sequence of [B, items, rows, bits] whether two of its items are equal."""
    count, number = items.shape[:2]
    flat = items.reshape(count, number, -1)
    same = (flat[:, :, None] == flat[:, None, :]).all(-1)  # [B, items, items]
    return np.asarray(same.sum((1, 2)) > number)
