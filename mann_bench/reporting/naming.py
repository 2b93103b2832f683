"""How scores and cells are named to people, the same in every view."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.labels import cell_labels

SCORE_WORDS = {
    "bit_errors": "wrong bits a sequence",
    "token_errors": "wrong tokens a sequence",
    "token_error_rate": "share of wrong tokens",
    "token_accuracy": "right tokens",
    "sequence_accuracy": "sequences without an error",
    "regret_bits": "bits a sequence above the Bayes loss",
    "loss_bits": "bits of cross-entropy a sequence",
}
"""How scores that the suite knows read; any other reads as its name."""


def predictor(score: str) -> str:
    """Name the predictor of an accuracy in which no model has a part: ``constant`` that of ``constant_accuracy``."""
    return score.removesuffix("_accuracy").replace("_", " ")


OWN_TRAINING = "trains by its own optimiser or training step, not the protocol's"

_OWN = "‡"


def row_labels(cells: Sequence[Cell]) -> list[str]:
    """Name each cell as `cell_labels` does, and mark those that were not trained as the protocol says."""
    labels = zip(cell_labels(cells), cells, strict=True)
    return [f"{label} {_OWN}" if cell.own_training else label for label, cell in labels]


def own_training_notes(cells: Sequence[Cell]) -> list[str]:
    """Say what the mark of `row_labels` means, where there is one."""
    return [f"{_OWN} {OWN_TRAINING}"] if any(cell.own_training for cell in cells) else []
