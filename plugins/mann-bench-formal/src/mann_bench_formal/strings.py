"""Tasks on strings: reversed, doubled, taken apart, sorted."""

import numpy as np

from mann_bench import Size
from mann_bench_formal.regular import MODULUS, draw_symbols
from mann_bench_formal.sequences import AskedTask, Symbols


class _KeptString(AskedTask):
    """A task that says a string again, in some order, as many times as `times` states."""

    times = 1

    def answers(self, length: int) -> int:
        """As many as symbols, each time."""
        return self.times * length

    def rows_to_remember(self, size: Size) -> int:
        """Every symbol, until it is said."""
        return size["length"]


class ReverseString(_KeptString):
    """Reversal (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): say a string backwards.

    Inputs: `length` random bits. Answers: the bits, the last one first. T = 2 * length. With channels 0, 1,
    "answer now" and targets 0, 1:

        options  max_length=3
        inputs   100 010 010 001 001 001
        targets   --  --  --  01  01  10

        options  max_length=2
        inputs   010 100 001 001
        targets   --  --  10  01

    Chance: 1 bit of cross-entropy an answer, half of the answers wrong. No constant does better.
    """

    input_size, output_size = 3, 2

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw bits, and turn them round."""
        symbols = draw_symbols(rng, 2, (count, length))
        return symbols, symbols[:, ::-1]

    def answer(self, symbols: list[int]) -> list[int]:
        """Pop them from a stack."""
        stack = [*symbols]
        return [stack.pop() for _ in symbols]


class DuplicateString(_KeptString):
    """Duplication (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): say a string twice.

    Inputs: `length` random bits. Answers: the bits in order, and once more. T = 3 * length. With channels 0, 1,
    "answer now" and targets 0, 1:

        options  max_length=2
        inputs   100 010 001 001 001 001
        targets   --  --  10  01  10  01

        options  max_length=3
        inputs   010 010 100 001 001 001 001 001 001
        targets   --  --  --  01  01  10  01  01  10

    Chance: 1 bit of cross-entropy an answer, half of the answers wrong. No constant does better.
    """

    input_size, output_size = 3, 2
    times = 2

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw bits, and double them."""
        symbols = draw_symbols(rng, 2, (count, length))
        return symbols, np.concatenate([symbols, symbols], axis=1)

    def answer(self, symbols: list[int]) -> list[int]:
        """Say them twice."""
        return [*symbols, *symbols]


class OddsFirst(_KeptString):
    """Odds first (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): every second symbol, then the others.

    Inputs: `length` random bits. Answers: those at the second, fourth ... place, then those at the first, third ...
    place, as in the paper's code, which counts places from 0. The paper's text counts from 1 and so begins with the
    first place: another order of the same difficulty. T = 2 * length. With channels 0, 1, "answer now" and targets
    0, 1:

        options  max_length=4
        inputs   100 010 100 010 001 001 001 001
        targets   --  --  --  --  01  01  10  10

        options  max_length=3
        inputs   010 100 010 001 001 001
        targets   --  --  --  10  01  01

    Chance: 1 bit of cross-entropy an answer, half of the answers wrong. No constant does better.
    """

    input_size, output_size = 3, 2

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw bits, and take them apart."""
        symbols = draw_symbols(rng, 2, (count, length))
        return symbols, np.concatenate([symbols[:, 1::2], symbols[:, ::2]], axis=1)

    def answer(self, symbols: list[int]) -> list[int]:
        """Go through them twice."""
        return [bit for odd in (1, 0) for place, bit in enumerate(symbols) if place % 2 == odd]


class BucketSort(AskedTask):
    """Bucket sort (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): say symbols in ascending order.

    Inputs: `length` random symbols 0 to 4. Answers: the same symbols, sorted. T = 2 * length. With channels 0 to 4,
    "answer now" and targets 0 to 4:

        options  max_length=3
        inputs   000010 010000 000100 000001 000001 000001
        targets  ----- ----- ----- 01000 00010 00001

        options  max_length=2
        inputs   001000 100000 000001 000001
        targets  ----- ----- 10000 00100

    Chance: 2.32 bits of cross-entropy an answer, four of five answers wrong. But the place of an answer says most of
    it: the best constant by place is right in 78 % of the answers at length 40, in 86 % at 100, in 92 % at 300, and
    its sequences are never right as a whole. Compare scores with ``constant_accuracy``.
    """

    input_size, output_size = 6, MODULUS

    def answers(self, length: int) -> int:
        """As many as symbols."""
        return length

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw symbols, and sort them."""
        symbols = draw_symbols(rng, MODULUS, (count, length))
        return symbols, np.sort(symbols, axis=1)

    def answer(self, symbols: list[int]) -> list[int]:
        """Count how often each comes."""
        return [symbol for symbol in range(MODULUS) for _ in range(symbols.count(symbol))]


class MissingDuplicateString(AskedTask):
    """Missing duplicate (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): find the bit that is hidden.

    Inputs: a string of random bits, half of `length` of them, and the same string again, but one of all these bits,
    drawn at random, is hidden behind a 2; an odd `length` ends with a 3. Answer: the hidden bit. Length 1, as in the
    paper's code: the bit 1, and the answer 1. With channels 0, 1, hidden, end, "answer now" and targets 0, 1:

        options  max_length=4
        inputs   10000 01000 10000 00100 00001
        targets  -- -- -- -- 01

        options  max_length=5
        inputs   01000 00100 01000 10000 00010 00001
        targets  -- -- -- -- -- 10

    Chance: 1 bit of cross-entropy, half of the answers wrong. No constant does better, but at length 1.
    """

    input_size, output_size = 5, 2

    def answers(self, length: int) -> int:
        """One, whatever the length."""
        return 1

    def rows_to_remember(self, size: Size) -> int:
        """The first copy."""
        return max(1, size["length"] // 2)

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw bits and the place of the one that is hidden."""
        if length == 1:
            return np.ones((count, 1), dtype=np.uint8), np.ones((count, 1), dtype=np.uint8)
        half = length // 2
        symbols = np.full((count, length), 3, dtype=np.uint8)
        symbols[:, :half] = symbols[:, half : 2 * half] = draw_symbols(rng, 2, (count, half))
        hidden = np.arange(count), rng.integers(2 * half, size=count)
        answers = symbols[hidden]
        symbols[hidden] = 2
        return symbols, answers[:, None]

    def answer(self, symbols: list[int]) -> list[int]:
        """Look for the same place in the other copy."""
        if len(symbols) == 1:
            return [1]
        half, place = len(symbols) // 2, symbols.index(2)
        return [symbols[(place + half) % (2 * half)]]
