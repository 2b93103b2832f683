"""How scores and cells are named to people, the same in every view."""

from collections import Counter
from collections.abc import Sequence

from mann_bench.results.cells import Cell

SCORE_WORDS = {
    "bit_errors": "wrong bits a sequence",
    "token_errors": "wrong tokens a sequence",
    "sequence_accuracy": "sequences without an error",
    "regret_bits": "bits a sequence above the Bayes loss",
    "loss_bits": "bits of cross-entropy a sequence",
}
"""How scores that the suite knows read; any other reads as its name."""


OWN_TRAINING = "trains by its own optimiser or training step, not the protocol's"

_OWN = "‡"


def cell_labels(made: Sequence[Cell]) -> list[str]:
    """Name each cell by its model, and by its protocol or its origin where that is what tells cells apart."""
    several = len({cell.protocol for cell in made}) > 1
    labels = [f"{cell.model} ({cell.protocol})" if several else cell.model for cell in made]
    named = Counter((cell.task, label) for cell, label in zip(made, labels, strict=True))
    return [
        f"{label} [{cell.origin}]" if named[cell.task, label] > 1 else label
        for cell, label in zip(made, labels, strict=True)
    ]


def row_labels(made: Sequence[Cell]) -> list[str]:
    """Name each cell as `cell_labels` does, and mark those that were not trained as the protocol says."""
    labels = zip(cell_labels(made), made, strict=True)
    return [f"{label} {_OWN}" if cell.own_training else label for label, cell in labels]


def own_training_notes(made: Sequence[Cell]) -> list[str]:
    """Say what the mark of `row_labels` means, where there is one."""
    return [f"{_OWN} {OWN_TRAINING}"] if any(cell.own_training for cell in made) else []


def with_protocol(name: str, cell: Cell, made: Sequence[Cell]) -> str:
    """Add the protocol of a cell to a name where `made` has several."""
    return f"{name} ({cell.protocol})" if len({each.protocol for each in made}) > 1 else name
