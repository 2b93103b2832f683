"""Sequences of a batch as numbers, read without the code of the plugin."""

from typing import NamedTuple

import numpy as np
from plain import Triple

from mann_bench import Batch


class Read(NamedTuple):
    """What one sequence says; labels that are not told are -1.

    Attributes:
        edges: the description.
        query: what is told after it.
        answers: targets where the mask is 1.
        marked, wanted: steps at which the channel for phases is 1, and that for answers.
        steps: before the first step from which on nothing happens.
    """

    edges: list[Triple]
    query: list[Triple]
    answers: list[Triple]
    marked: list[int]
    wanted: list[int]
    steps: int


def read(batch: Batch) -> list[Read]:
    inputs, targets, mask = (part.numpy() for part in batch)
    told, said = _labels(inputs[..., :90]), _labels(targets)
    marks, wants, busy = inputs[..., 90], inputs[..., 91], inputs.any(-1)
    assert (wants == mask).all()
    found = []
    for b in range(mask.shape[1]):
        marked, wanted = (np.flatnonzero(channel[:, b]).tolist() for channel in (marks, wants))
        query = [triple for triple in _triples(told[marked[0] :, b]) if triple != (-1, -1, -1)]
        steps = 1 + int(np.flatnonzero(busy[:, b])[-1])
        found.append(Read(_triples(told[: marked[0], b]), query, _triples(said[wanted, b]), marked, wanted, steps))
    return found


def _labels(rows: np.ndarray) -> np.ndarray:
    """Return the labels of triples, [T, B, 3], and -1 where there is none."""
    digits = rows.reshape(*rows.shape[:2], 3, 3, 10)
    held = digits.sum(-1)
    assert ((held == 0) | (held == 1)).all()
    assert (held.min(-1) == held.max(-1)).all()
    return np.where(held[..., 0] == 1, digits.argmax(-1) @ [100, 10, 1], -1)


def _triples(labels: np.ndarray) -> list[Triple]:
    return [(source, edge, end) for source, edge, end in labels.tolist()]
