"""Find learning curves that are others in disguise: shifted by some evaluations, or scaled and moved in value.

What training adds to a curve at random is its own, as a fingerprint is. Third differences show it, for they leave
out how every curve falls, and shifting and scaling change them alike or not at all.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mann_bench.results.schema import Record

Numbers = NDArray[np.float64]

_ORDER = 3
_FEWEST = 10
"""Differences that two curves must share to be compared; fewer agree by chance."""

_CORRELATION = 0.95
_RESIDUE = 0.02
"""Rank correlation of the differences of a copy and its model, and the median share in which they differ otherwise.

Of the 45,000 pairs of runs committed in November 2026, those of other seeds or models with such a correlation differ by
0.14 or more.
"""

_FARTHEST = 5
"""Evaluations by which a curve may be shifted."""

_ROWS = 256
"""Curves that are compared with all others at once. It bounds memory."""


class Similar(NamedTuple):
    """Two runs, by their places, whose curves are one, and by how many evaluations the first is ahead."""

    one: int
    other: int
    shift: int


def similar_curves(records: Sequence[Record]) -> Iterator[Similar]:
    """Yield the pairs of records whose losses have the same fingerprint; each pair once."""
    curves = [_losses(record) for record in records]
    ranks, known = _table([_ranks(np.diff(curve, n=_ORDER)) for curve in curves])
    found: set[frozenset[int]] = set()
    for shift in range(min(_FARTHEST, ranks.shape[1] - 1) + 1):
        for first in range(0, len(curves), _ROWS):
            rows = slice(first, first + _ROWS)
            alike = _correlations(ranks[rows], known[rows], ranks, known, shift) > _CORRELATION
            for one, other in np.argwhere(alike) + np.array([first, 0]):
                pair = frozenset((int(one), int(other)))
                if len(pair) == 2 and pair not in found and _residue(curves[one], curves[other], shift) < _RESIDUE:
                    found.add(pair)
                    yield Similar(int(one), int(other), shift)


def _losses(record: Record) -> Numbers:
    """Return the losses up to the first that is not finite."""
    losses = [row.scores.get("loss_bits", math.nan) for row in record.curve]
    finite = next((index for index, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    return np.array(losses[:finite])


def _ranks(values: Numbers) -> Numbers:
    """Return ranks with a mean of 0 and a deviation of 1."""
    ranks = values.argsort().argsort().astype(float)
    return (ranks - ranks.mean()) / (ranks.std() or 1.0) if len(ranks) else ranks


def _table(rows: Sequence[Numbers]) -> tuple[Numbers, Numbers]:
    """Return rows of unlike lengths as one array, and where it holds a value."""
    table, known = np.zeros((2, len(rows), max(map(len, rows), default=1) or 1))
    for index, row in enumerate(rows):
        table[index, : len(row)], known[index, : len(row)] = row, 1.0
    return table, known


def _correlations(one: Numbers, has: Numbers, other: Numbers, other_has: Numbers, shift: int) -> Numbers:
    """Return the correlation of each row of `one`, from `shift` on, with each of `other`; -1 where too few overlap."""
    width = one.shape[1] - shift
    a, has_a, b, has_b = one[:, shift:], has[:, shift:], other[:, :width], other_has[:, :width]
    count = has_a @ has_b.T
    n = np.maximum(count, 1.0)
    mean_a, mean_b = a @ has_b.T / n, has_a @ b.T / n
    spread = (a**2 @ has_b.T / n - mean_a**2) * (has_a @ (b**2).T / n - mean_b**2)
    found: Numbers = (a @ b.T / n - mean_a * mean_b) / np.sqrt(np.maximum(spread, np.finfo(float).tiny))
    return np.where(count >= _FEWEST, found, -1.0)


def _residue(one: Numbers, other: Numbers, shift: int) -> float:
    """Return the median share in which the differences of one curve are not those of the other, scaled."""
    a, b = np.diff(one[shift:], n=_ORDER), np.diff(other, n=_ORDER)
    a, b = a[: len(b)], b[: len(a)]
    kept = (a != 0) & (b != 0)
    if kept.sum() < _FEWEST:
        return math.inf
    a, b = a[kept], b[kept]
    return float(np.median(np.abs(b - np.median(b / a) * a)) / np.median(np.abs(b)))
