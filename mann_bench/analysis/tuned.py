"""What is known of a cell whose learning rate was tuned: the rate, what it was chosen from, what that cost."""

from collections.abc import Mapping
from dataclasses import dataclass

from mann_bench.core.runs import CellName
from mann_bench.core.variants import Variant, variant_text

RATE = "learning_rate"
"""The field of a protocol that is tuned."""

_TUNED = "tuned"


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """How the learning rate of a cell was tuned.

    Attributes:
        rate: the learning rate that was chosen.
        rates: how many it was chosen from.
        runs, sequences, seconds: what that cost in all: runs, training sequences, seconds of training.
    """

    rate: float
    rates: int
    runs: int
    sequences: int
    seconds: float


TunedCells = Mapping[CellName, Tuned]
"""The cells that were tuned."""


def tuned_text(protocol: str) -> str:
    """Return how tables name a protocol whose learning rate was tuned: ``collier2018:learning_rate=tuned``."""
    variant = Variant.parse(protocol)
    return variant_text(variant.name, {**variant.given, RATE: _TUNED})
