"""The four regular tasks: a machine of finitely many states solves each."""

import itertools

import numpy as np

from mann_bench_formal.sequences import AskedTask, Symbols

MODULUS = 5
"""Of all arithmetic in this plugin."""


class _OneAnswer(AskedTask):
    def answers(self, length: int) -> int:
        """One, whatever the length."""
        return 1


class EvenPairs(_OneAnswer):
    """Even pairs (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): is the number of unequal neighbours odd?

    Inputs: `length` random bits. Answer: the number of neighbouring bits that differ, modulo 2. That is 1 where the
    last bit differs from the first; of one bit it is 0. With channels 0, 1, "answer now" and targets 0, 1:

        options  max_length=4
        inputs   100 010 010 100 001
        targets   --  --  --  --  10

        options  max_length=3
        inputs   010 010 100 001
        targets   --  --  --  01

    Chance: 1 bit of cross-entropy, half of the answers wrong. No constant does better.
    """

    input_size, output_size = 3, 2

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw bits, and compare the first with the last."""
        symbols = draw_symbols(rng, 2, (count, length))
        return symbols, symbols[:, :1] ^ symbols[:, -1:]

    def answer(self, symbols: list[int]) -> list[int]:
        """Count the pairs."""
        return [sum(a != b for a, b in itertools.pairwise(symbols)) % 2]


class ParityCheck(_OneAnswer):
    """Parity (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): is the number of ones odd?

    Inputs: `length` random bits. Answer: the number of ones modulo 2. With channels 0, 1, "answer now" and targets
    0, 1:

        options  max_length=4
        inputs   010 010 100 010 001
        targets   --  --  --  --  01

        options  max_length=2
        inputs   010 010 001
        targets   --  --  10

    Chance: 1 bit of cross-entropy, half of the answers wrong. No constant does better.
    """

    input_size, output_size = 3, 2

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw bits, and add them modulo 2."""
        symbols = draw_symbols(rng, 2, (count, length))
        return symbols, np.bitwise_xor.reduce(symbols, axis=1, keepdims=True)

    def answer(self, symbols: list[int]) -> list[int]:
        """Count the ones."""
        return [symbols.count(1) % 2]


class CycleNavigation(_OneAnswer):
    """Cycle navigation (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): where does a walk on a ring end?

    Inputs: `length` random moves on a ring of five places: 0 is a step back, 1 stays, 2 is a step ahead, as in the
    paper's code; its text has 0 stay, 1 ahead, 2 back, the same task with other names. Answer: the place after the
    last move; the walk begins at 0. With channels back, stay, ahead, "answer now" and targets 0 to 4:

        options  max_length=3
        inputs   0010 0010 0100 0001
        targets  ----- ----- ----- 00100

        options  max_length=2
        inputs   1000 0100 0001
        targets  ----- ----- 00001

    Chance: 2.32 bits of cross-entropy, four of five answers wrong. The best constant is right in 33 % of the
    sequences of length 1, in 22 % at length 5, in 20 % from length 10 on.
    """

    input_size, output_size = 4, MODULUS

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw moves, and add them up."""
        symbols = draw_symbols(rng, 3, (count, length))
        moved = symbols.sum(1, dtype=np.int64, keepdims=True) - length
        return symbols, (moved % MODULUS).astype(np.uint8)

    def answer(self, symbols: list[int]) -> list[int]:
        """Walk."""
        place = 0
        for move in symbols:
            place = (place + move - 1) % MODULUS
        return [place]


class ModularArithmetic(_OneAnswer):
    """Modular arithmetic without brackets (Deletang et al. 2023, https://arxiv.org/abs/2207.02098).

    Inputs: random digits 0 to 4 with a random operator +, - or × between each two. Answer: the value modulo 5, with ×
    before + and -. An even `length` has one symbol less, as in the paper's code; its text has one more. The code keeps
    its operators in a Python generator, which is empty from the second length on: here every length has operators.
    With channels 0 to 4, +, -, ×, a blank that is never drawn, "answer now" and targets 0 to 4, 1 + 2 × 2 and 3 - 4:

        options  max_length=5
        inputs   0100000000 0000010000 0010000000 0000000100 0010000000 0000000001
        targets  ----- ----- ----- ----- ----- 10000

        options  max_length=4
        inputs   0001000000 0000001000 0000100000 0000000001
        targets  ----- ----- ----- 00001

    Chance: 2.32 bits of cross-entropy, four of five answers wrong.
    """

    input_size, output_size = 10, MODULUS

    def steps(self, length: int) -> int:
        """Return an odd number of symbols, and the answer."""
        return length - (length + 1) % 2 + 1

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw an expression, and add the products of its terms."""
        symbols = np.empty((count, self.steps(length) - 1), dtype=np.uint8)
        symbols[:, ::2] = draw_symbols(rng, MODULUS, symbols[:, ::2].shape)
        symbols[:, 1::2] = MODULUS + draw_symbols(rng, 3, symbols[:, 1::2].shape)
        return symbols, _value(symbols[:, ::2], symbols[:, 1::2] - MODULUS)

    def answer(self, symbols: list[int]) -> list[int]:
        """Keep the sum of the terms before, and the product of the one that is read."""
        total, term = 0, symbols[0]
        for operator, digit in zip(symbols[1::2], symbols[2::2], strict=True):
            if operator - MODULUS == _TIMES:
                term *= digit
            else:
                total, term = total + term, digit if operator - MODULUS == _PLUS else -digit
        return [(total + term) % MODULUS]


_PLUS, _MINUS, _TIMES = range(3)

_POWERS = np.array([1, 2, 4, 3])
"""Of 2 modulo 5: every digit but 0 is one of them."""

_LOGARITHMS = np.array([0, 0, 1, 3, 2])
"""To the base of 2 modulo 5; that of 0 is of no account."""


def _value(digits: Symbols, operators: Symbols) -> Symbols:
    """Return the values [B, 1] of digits [B, n] with operators [B, n - 1] between them.

    Products become sums of logarithms, so that those of all terms are differences of one running sum.
    """
    count, number = digits.shape
    first = np.ones((count, number), dtype=bool)  # digits with which a term begins
    first[:, 1:] = operators != _TIMES
    last = np.ones((count, number), dtype=bool)
    last[:, :-1] = first[:, 1:]
    # A zero weighs more than all logarithms of a sequence, so that one sum tells of both.
    weights = np.where(digits == 0, _ZERO, _LOGARITHMS[digits])
    sums = weights.cumsum(1)
    before = (sums - weights)[first]
    negative = np.zeros((count, number), dtype=bool)
    negative[:, 1:] = operators == _MINUS
    logarithm = sums[last] - before
    terms = np.where(logarithm >= _ZERO, 0, _POWERS[logarithm % len(_POWERS)])
    terms[negative[first]] *= -1
    starts = np.concatenate([[0], first.sum(1).cumsum()[:-1]])
    return (np.add.reduceat(terms, starts) % MODULUS).astype(np.uint8)[:, None]


_ZERO = 2**31
"""The logarithm of 0: more than all others of a sequence together."""


def draw_symbols(rng: np.random.Generator, number: int, shape: tuple[int, ...]) -> Symbols:
    """Draw symbols 0 to number - 1, all equally likely."""
    return rng.integers(number, size=shape, dtype=np.uint8)
