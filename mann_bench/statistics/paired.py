"""Comparison of two variants seed by seed."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mann_bench.statistics.bootstrap import RESAMPLES, SEED

_MOST_EXACT = 16
"""With how many pairs all sign patterns are still gone through: 65,536 of them."""

# Sums of the same numbers with other signs differ by rounding; equal ones must count as equal.
_ROUNDING = 1e-12


class Comparison(NamedTuple):
    """The outcome of a paired test.

    Attributes:
        difference: mean of first minus second, in their unit; below 0 where the first is less.
        p_value: how often chance alone gives a mean difference as far from 0, in (0, 1].
        least_p_value: the least p-value that so many pairs could give; above 0.05 they can tell nothing apart.
        n: number of pairs.
        method: which test it was, in words.
        resamples: number of sign patterns drawn; None where all were gone through.
        seed: what they were drawn with; None where nothing is drawn.
    """

    difference: float
    p_value: float
    least_p_value: float
    n: int
    method: str
    resamples: int | None
    seed: int | None

    def words(self) -> str:
        """Return how it was made: ``paired sign-flip permutation, n = 20, 10,000 resamples, seed 0``."""
        drawn = "" if self.resamples is None else f", {self.resamples:,} resamples, seed {self.seed}"
        return f"{self.method}, n = {self.n}{drawn}"


def paired_permutation_test(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Test whether the mean difference of pairs is 0, two-sided, by flipping the signs of the differences.

    Up to 16 pairs the test is exact: it goes through all 2^n sign patterns, and its least p-value is 2/2^n
    (0.0625 with 5 pairs). Beyond, it draws `RESAMPLES` patterns and counts that of the data among them.

    Arguments:
        first: a finite value a pair. Of times this is min(time, budget), so that the difference is that of
            the restricted means.
        second: the same of the other variant, in the same order of pairs.

    Raises ValueError where there are no pairs, the two differ in length, or a value is NaN or infinite.

    Source: Fisher 1935, "The design of experiments", section 21; for drawn patterns Phipson & Smyth 2010,
    "Permutation p-values should never be zero", https://doi.org/10.2202/1544-6115.1585
    """
    n = len(first)
    if n == 0 or len(second) != n:
        raise ValueError(f"a paired test needs a value of both in each pair, not {n} and {len(second)} values")
    if not all(math.isfinite(value) for value in (*first, *second)):
        raise ValueError("a paired test needs finite values; give a time beyond the budget as the budget")
    differences = [a - b for a, b in zip(first, second, strict=True)]
    total = math.fsum(differences)
    sizes = np.sort(np.abs(differences))
    exact = n <= _MOST_EXACT
    signs = _all_signs(n) if exact else _drawn_signs(n)
    # Pair by pair, not by a product of BLAS, which rounds otherwise on another processor.
    totals = np.abs((signs * sizes).sum(axis=1))
    as_far = int((totals >= abs(total) - _ROUNDING * sizes.sum()).sum())
    if exact:
        return Comparison(total / n, as_far / 2**n, 2 / 2**n, n, "exact sign-flip test", None, None)
    p_value, least = (as_far + 1) / (RESAMPLES + 1), 1 / (RESAMPLES + 1)
    return Comparison(total / n, p_value, least, n, "Monte Carlo sign-flip test", RESAMPLES, SEED)


def _all_signs(n: int) -> NDArray[np.float64]:
    """Return every pattern of n signs, [2^n, n]."""
    return np.where(np.arange(2**n)[:, None] >> np.arange(n) & 1, 1.0, -1.0)


def _drawn_signs(n: int) -> NDArray[np.float64]:
    """Return patterns of n signs at random, [RESAMPLES, n]."""
    return np.random.default_rng(SEED).choice([-1.0, 1.0], size=(RESAMPLES, n))
