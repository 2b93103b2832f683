"""What the other distributions of this repository bring, for who asks for it where they are not installed."""

from collections.abc import Mapping, Sequence

BUNDLED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "mann-bench-baselines": {
        "model": ["gru", "transformer", "deltanet", "stack_rnn"],
        "study": ["first-rows"],
    },
    "mann-bench-ray": {"executor": ["ray"]},
    "mann-bench-recall": {"task": ["mqar", "selective_copying"]},
    "mann-bench-slurm": {"executor": ["slurm"]},
}
"""By distribution and kind, the names that its plugin registers."""


def brought_by(kind: str, name: str) -> str | None:
    """Return the distribution that brings a name of a kind, such as ``model``; None where none of them does."""
    return next((each for each, kinds in BUNDLED.items() if name in kinds.get(kind, ())), None)
