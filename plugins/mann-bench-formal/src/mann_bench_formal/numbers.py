"""Tasks on binary numbers of any length: add, multiply, take the square root. Python's integers are exact."""

import math
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from mann_bench_formal.ended import END, EndedTask
from mann_bench_formal.regular import draw_symbols
from mann_bench_formal.sequences import AskedTask, Symbols

_Flags = np.ndarray[Any, np.dtype[np.bool_]]

_TOO_SHORT = 2
"""Symbols of the longest sequence that has no room for two numbers."""

_BETWEEN = 2
"""The symbol between two numbers."""


class _TwoNumbers(EndedTask):
    input_size, output_size = 4, 3

    @abstractmethod
    def result(self, first: int, second: int) -> int:
        """Return what is to be computed."""

    @abstractmethod
    def short_answer(self, symbols: Symbols) -> Symbols:
        """Return the answers [B, answers] to the numbers [B, length], one each, of sequences of length 1 or 2."""

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw two numbers each, and compute."""
        if length <= _TOO_SHORT:
            symbols = bits_of(rng.integers(2**length - 1, size=count).tolist(), length)
            return symbols, self.short_answer(symbols)
        between = rng.integers(1, length - 1, size=count)
        places = np.arange(length)
        first, second = places < between[:, None], places > between[:, None]
        symbols = draw_nonzero(rng, first, second)
        pairs = [
            (number & ((1 << cut) - 1), number >> (cut + 1))
            for number, cut in zip(numbers_of(symbols), between.tolist(), strict=True)
        ]
        results = [self.result(*pair) for pair in pairs]
        rows = np.arange(count)
        symbols[rows, between] = _BETWEEN
        answers = bits_of(results, self.answers(length))
        answers[rows, [result.bit_length() for result in results]] = END
        return symbols, answers

    def answer(self, symbols: list[int]) -> list[int]:
        """Read two numbers digit by digit, and write the result digit by digit."""
        asked = self.answers(len(symbols))
        if len(symbols) <= _TOO_SHORT:
            return [int(symbol) for symbol in self.short_answer(np.array([symbols], dtype=np.uint8))[0]]
        cut = symbols.index(_BETWEEN)
        first, second = (
            sum(bit << place for place, bit in enumerate(part)) for part in (symbols[:cut], symbols[cut + 1 :])
        )
        result, digits = self.result(first, second), list[int]()
        while result:
            digits.append(result % 2)
            result //= 2
        return [*digits, END, *[0] * (asked - 1 - len(digits))]


class BinaryAddition(_TwoNumbers):
    """Binary addition (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): add two numbers.

    Inputs: two numbers of 1 bit or more, a 2 between them, `length` symbols in all. The lowest bit comes first, and
    highest bits may be 0; a number itself is drawn uniformly from those above 0 that its bits can hold. Answers: the
    bits of the sum, again the lowest first and without surplus zeros, then a 2, then zeros, `length` + 1 in all. The
    loss counts all answers, scores count those up to the 2, as in the paper's code. Lengths 1 and 2, as there: a
    single number, not of ones alone, and its own bits without surplus zeros. T = 2 * length + 1. With channels 0, 1,
    between, "answer now" and targets 0, 1, end, 1 + 1 and 2 + 1:

        options  max_length=3
        inputs   0100 0010 0100 0001 0001 0001 0001
        targets  --- --- --- 100 010 001 100

        options  max_length=4
        inputs   1000 0100 0010 0100 0001 0001 0001 0001 0001
        targets  --- --- --- --- 010 010 001 100 100

    Chance: 1.58 bits of cross-entropy an answer, two of three answers wrong. About 0.74 * length answers are scored,
    of which a constant gets half right.
    """

    def answers(self, length: int) -> int:
        """As many as symbols, and the end."""
        return length + 1

    def result(self, first: int, second: int) -> int:
        """Add."""
        return first + second

    def short_answer(self, symbols: Symbols) -> Symbols:
        """Return the bits of the number, those of 0 are a single 0."""
        count, length = symbols.shape
        answers = np.zeros((count, length + 1), dtype=np.uint8)
        answers[:, :length] = symbols
        ends = np.maximum(1, (np.arange(1, length + 1) * symbols).max(1))
        answers[np.arange(count), ends] = END
        return answers


class BinaryMultiplication(_TwoNumbers):
    """Binary multiplication (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): multiply two numbers.

    Inputs: two numbers of 1 bit or more, a 2 between them, `length` symbols in all. The lowest bit comes first, and
    highest bits may be 0; a number itself is drawn uniformly from those above 0 that its bits can hold. Answers: the
    bits of the product, again the lowest first and without surplus zeros, then a 2, then zeros, `length` in all. The
    loss counts all answers, scores count those up to the 2, as in the paper's code. Lengths 1 and 2, as there: a
    single number, not of ones alone, and as answers zeros and the 2 at the last. T = 2 * length. With channels 0, 1,
    between, "answer now" and targets 0, 1, end, 1 × 1 and 3 × 1:

        options  max_length=3
        inputs   0100 0010 0100 0001 0001 0001
        targets  --- --- --- 010 001 100

        options  max_length=4
        inputs   0100 0100 0010 0100 0001 0001 0001 0001
        targets  --- --- --- --- 010 010 001 100

    Chance: 1.58 bits of cross-entropy an answer, two of three answers wrong. Nearly all answers are scored, and a
    constant gets half of them right.
    """

    def answers(self, length: int) -> int:
        """As many as symbols."""
        return length

    def result(self, first: int, second: int) -> int:
        """Multiply."""
        return first * second

    def short_answer(self, symbols: Symbols) -> Symbols:
        """Return zeros and the end."""
        answers = np.zeros_like(symbols)
        answers[:, -1] = END
        return answers


class ComputeSqrt(AskedTask):
    """Square root (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): take the root of a number, rounded down.

    Inputs: the `length` bits of a number above 0, drawn uniformly, the highest bit first, as in the paper's code; its
    text has the lowest first. Answers: the bits of the root, the highest first, half of `length` rounded up.
    T = length + answers. With channels 0, 1, "answer now" and targets 0, 1, the roots of 12 and of 6:

        options  max_length=4
        inputs   010 010 100 100 001 001
        targets   --  --  --  --  01  01

        options  max_length=3
        inputs   010 010 100 001 001
        targets   --  --  --  01  10

    Chance: 1 bit of cross-entropy an answer, half of the answers wrong. The first bit of the root is more often 1 than
    0: the best constant is right in 53 % of the answers at length 40.
    """

    input_size, output_size = 3, 2

    def answers(self, length: int) -> int:
        """Half as many as bits, rounded up."""
        return (length + 1) // 2

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw numbers, and take their roots."""
        lowest_first = draw_nonzero(rng, np.ones((count, length), dtype=bool))
        roots = map(math.isqrt, numbers_of(lowest_first))
        return lowest_first[:, ::-1], bits_of(roots, self.answers(length))[:, ::-1]

    def answer(self, symbols: list[int]) -> list[int]:
        """Try each bit of the root, the highest first: it stays where the square is not above the number."""
        number, root = int("".join(map(str, symbols)), 2), 0
        bits = range(self.answers(len(symbols)))
        for place in reversed(bits):
            if (root + (1 << place)) ** 2 <= number:
                root += 1 << place
        return [root >> place & 1 for place in reversed(bits)]


def draw_nonzero(rng: np.random.Generator, *parts: _Flags) -> Symbols:
    """Draw bits at the places of each part [B, places], all alike but that no part has zeros alone; 0 elsewhere."""
    drawn = draw_symbols(rng, 2, parts[0].shape)
    symbols = np.zeros_like(drawn)
    for part in parts:
        mine = drawn & part
        while len(zero := np.flatnonzero(~mine.any(1))):
            mine[zero] = draw_symbols(rng, 2, (len(zero), part.shape[1])) & part[zero]
        symbols |= mine
    return symbols


def numbers_of(bits: Symbols) -> list[int]:
    """Return the numbers that rows of bits [B, length] are, the lowest bit first."""
    return [int.from_bytes(row, "little") for row in map(bytes, np.packbits(bits, axis=1, bitorder="little"))]


def bits_of(numbers: Iterable[int], length: int) -> Symbols:
    """Return the bits [B, length] of numbers, the lowest bit first."""
    width = (length + 7) // 8
    rows = np.frombuffer(b"".join(number.to_bytes(width, "little") for number in numbers), dtype=np.uint8)
    return np.unpackbits(rows.reshape(-1, width), axis=1, bitorder="little", count=length)
