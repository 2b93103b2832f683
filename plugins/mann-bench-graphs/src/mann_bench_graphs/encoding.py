"""How triples of labels are written: nine digits, each one-hot."""

from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench import Batch
from mann_bench_graphs.graphs import Numbers

LABELS, PLACES, DIGITS = 1000, 3, 10
"""Labels are the numbers below 1000, of three decimal digits each."""

LABEL = PLACES * DIGITS
TRIPLE = 3 * LABEL
PHASE, ANSWER = TRIPLE, TRIPLE + 1
"""Channels of a label and of a triple, and those that mark phases and answers."""

UNKNOWN, UNITS = LABELS, LABELS + 1
"""Codes above the labels: a label that is not told, and from there on the digits of which the last place alone is."""


def _table() -> Float[np.ndarray, "codes channels"]:
    """Return how each code is written."""
    table = np.zeros((UNITS + DIGITS, PLACES, DIGITS), dtype=np.float32)
    numbers, units = np.arange(LABELS), np.arange(DIGITS)
    for place in range(PLACES):
        table[numbers, place, numbers // DIGITS ** (PLACES - 1 - place) % DIGITS] = 1.0
    table[UNITS + units, PLACES - 1, units] = 1.0
    return table.reshape(-1, LABEL)


TABLE = _table()


class Canvas(NamedTuple):
    """Sequences that are being laid out. T steps, B sequences; everything is 0 until something is written.

    Attributes:
        inputs: [T, B, 92].
        targets: [T, B, 90].
        mask: [T, B].
    """

    inputs: np.ndarray[Any, np.dtype[np.float32]]
    targets: np.ndarray[Any, np.dtype[np.float32]]
    mask: np.ndarray[Any, np.dtype[np.float32]]

    @classmethod
    def blank(cls, steps: int, count: int) -> "Canvas":
        """Return sequences in which nothing happens."""
        shapes = (steps, count, TRIPLE + 2), (steps, count, TRIPLE), (steps, count)
        return cls(*(np.zeros(shape, dtype=np.float32) for shape in shapes))

    def tell(self, steps: Numbers, sequences: Numbers, triples: Numbers) -> None:
        """Write a triple of codes, [n, 3], at each of n steps of inputs."""
        self.inputs[steps, sequences, :TRIPLE] = TABLE[triples].reshape(-1, TRIPLE)

    def ask(self, steps: Numbers, sequences: Numbers, triples: Numbers) -> None:
        """Want a triple of labels, [n, 3], at each of n steps."""
        self.inputs[steps, sequences, ANSWER] = 1.0
        self.targets[steps, sequences] = TABLE[triples].reshape(-1, TRIPLE)
        self.mask[steps, sequences] = 1.0

    def mark(self, steps: Numbers, sequences: Numbers) -> None:
        """Set the channel that marks phases at n steps."""
        self.inputs[steps, sequences, PHASE] = 1.0

    def batch(self) -> Batch:
        """Return what was laid out."""
        return Batch(*map(torch.from_numpy, self))


def written(triples: Float[Tensor, "*shape channels"]) -> list[Any]:
    """Return triples of labels as nested lists of numbers; -1 for a label that is not told."""
    digits = triples.reshape(*triples.shape[:-1], 3, PLACES, DIGITS)
    numbers = (digits.argmax(-1) * torch.tensor([100, 10, 1])).sum(-1)
    found: list[Any] = torch.where(digits.any(-1).any(-1), numbers, -1).tolist()
    return found
