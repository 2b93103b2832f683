"""Random numbers that are the same, bit for bit, on every processor and with every version of torch.

torch draws other normal numbers where its kernels use other vector instructions. Here the bits come from a
counter-based generator, and the arithmetic is in double precision: sums, products, quotients and square roots, one
array operation each, which IEEE 754 rounds alike everywhere. Logarithms of libraries differ in their last bit, so
there is one of our own.
"""

import math

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_LOG_TERMS = 12
"""Terms of the series of the logarithm: the next would be below the rounding error."""


def uniforms(rng: np.random.Generator, count: int, limit: float) -> Numbers:
    """Return numbers drawn uniformly from -limit to limit."""
    return limit * (2.0 * rng.random(count) - 1.0)


def normals(rng: np.random.Generator, count: int, most: float = math.inf) -> Numbers:
    """Return standard normal numbers; those beyond `most` on either side are drawn again."""
    found = np.empty(0)
    while len(found) < count:
        drawn = _polar(rng, count)
        found = np.concatenate([found, drawn[np.abs(drawn) <= most]])
    return found[:count]


def _polar(rng: np.random.Generator, pairs: int) -> Numbers:
    """Return some standard normal numbers: two for each of the `pairs` points of a square that lies in the unit disc.

    The polar method of Marsaglia & Bray 1964, "A convenient method for generating normal variables",
    https://doi.org/10.1137/1006063
    """
    x, y = 2.0 * rng.random((2, pairs)) - 1.0
    square = x * x + y * y
    inside = (square > 0.0) & (square < 1.0)
    x, y, square = x[inside], y[inside], square[inside]
    factor = np.sqrt(-2.0 * _log(square) / square)
    return np.concatenate([x * factor, y * factor])


def _log(values: Numbers) -> Numbers:
    """Return natural logarithms: log(m * 2**e) = e * log(2) + 2 * artanh((m - 1) / (m + 1))."""
    mantissa, exponent = np.frexp(values)
    low = mantissa < math.sqrt(0.5)
    mantissa, exponent = np.where(low, 2.0 * mantissa, mantissa), exponent - low
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square, series = ratio * ratio, np.zeros_like(ratio)
    for term in reversed(range(_LOG_TERMS)):
        series = series * square + 1.0 / (2 * term + 1)
    return exponent * math.log(2.0) + 2.0 * ratio * series
