"""Draw bracketed expressions modulo 5, many at once, with their values."""

from typing import Any, NamedTuple

import numpy as np

from mann_bench_formal.regular import MODULUS, draw_symbols
from mann_bench_formal.sequences import Symbols

_Places = np.ndarray[Any, np.dtype[np.int64]]
_Flags = np.ndarray[Any, np.dtype[np.bool_]]

_DIGITS = np.arange(MODULUS)
_RESULTS = np.stack([each.outer(_DIGITS, _DIGITS) % MODULUS for each in (np.add, np.subtract, np.multiply)])
"""[operator, left, right]: the values of +, - and ×."""

_LONGEST_LEAF = 4
"""Symbols of the longest expression without an operator: ( - d )."""


class Alphabet(NamedTuple):
    """The numbers of the symbols that are no digits; - and × follow +."""

    plus: int
    opening: int
    closing: int


class _Level(NamedTuple):
    """What is equally deep: which of it has an operator, which operators these are, and the digits of the others."""

    inner: _Flags
    operators: Symbols
    digits: Symbols


def draw_expressions(rng: np.random.Generator, symbols: Symbols, operators: int, alphabet: Alphabet) -> Symbols:
    """Draw an expression with the first `operators` of +, - and × into each row of `symbols` [B, length].

    Of length 1 it is a digit d, of 2 it is -d, of 3 (d), of 4 (-d). A longer one is "(" L op R ")", where L has 1 to
    length - 4 symbols, all equally likely, and R has the others. All expressions are taken apart together, from the
    whole to the parts, and their values are then computed from the parts to the whole.

    Returns:
        The values [B].
    """
    count, length = symbols.shape
    flat, levels = symbols.reshape(-1), list[_Level]()
    at, size = np.arange(count) * length, np.full(count, length)
    while len(at):
        inner = size > _LONGEST_LEAF
        digits = _draw_leaves(rng, flat, at[~inner], size[~inner], alphabet)
        at, size = at[inner], size[inner]
        drawn = draw_symbols(rng, operators, at.shape)
        levels.append(_Level(inner, drawn, digits))
        left = 1 + (rng.random(len(at)) * (size - _LONGEST_LEAF)).astype(np.int64)
        flat[at], flat[at + size - 1] = alphabet.opening, alphabet.closing
        flat[at + 1 + left] = alphabet.plus + drawn
        at, size = np.concatenate([at + 1, at + 2 + left]), np.concatenate([left, size - 3 - left])
    return _values(levels)


def _draw_leaves(rng: np.random.Generator, flat: Symbols, at: _Places, size: _Places, alphabet: Alphabet) -> Symbols:
    """Draw expressions of 1 to 4 symbols into `flat`, each from its place on, and return their values."""
    digits = draw_symbols(rng, MODULUS, at.shape)
    place = at + size // 2
    flat[place] = digits
    bracketed, negative = size > 2, size % 2 == 0
    flat[at[bracketed]], flat[(at + size - 1)[bracketed]] = alphabet.opening, alphabet.closing
    flat[place[negative] - 1] = alphabet.plus + 1
    return np.where(negative, (MODULUS - digits) % MODULUS, digits)


def _values(levels: list[_Level]) -> Symbols:
    """Return the values of what the first level holds; the parts of a level's expressions are the next level."""
    parts = np.empty(0, dtype=np.uint8)
    for level in reversed(levels):
        values = np.empty(len(level.inner), dtype=np.uint8)
        left, right = np.split(parts, 2)
        values[level.inner] = _RESULTS[level.operators, left, right]
        values[~level.inner] = level.digits
        parts = values
    return parts
