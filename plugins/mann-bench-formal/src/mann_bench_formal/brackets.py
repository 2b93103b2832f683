"""The two tasks on bracketed expressions: compute the value, find the digit that is hidden."""

import numpy as np

from mann_bench_formal.expressions import Alphabet, draw_expressions
from mann_bench_formal.regular import MODULUS
from mann_bench_formal.sequences import AskedTask, Symbols


class _BracketTask(AskedTask):
    input_size, output_size = 12, MODULUS

    def answers(self, length: int) -> int:
        """One, whatever the length."""
        return 1


class ModularArithmeticBrackets(_BracketTask):
    """Modular arithmetic with brackets (Deletang et al. 2023, https://arxiv.org/abs/2207.02098).

    Inputs: an expression of `length` symbols. Of length 1 it is a digit d, of 2 it is -d, of 3 (d), of 4 (-d); a
    longer one is "(" L op R ")", where the length of L is drawn uniformly, op is +, - or ×, and L and R are drawn in
    the same way. Answer: its value modulo 5. The class of the paper's code multiplies only where it is told to, which
    its experiments do. With channels 0 to 4, +, -, ×, (, ), a symbol that is never drawn, "answer now" and targets 0
    to 4, (2×4) and -1:

        options  max_length=5
        inputs   000000001000 001000000000 000000010000 000010000000 000000000100 000000000001
        targets  ----- ----- ----- ----- ----- 00010

        options  max_length=2
        inputs   000000100000 010000000000 000000000001
        targets  ----- ----- 00001

    Chance: 2.32 bits of cross-entropy, four of five answers wrong. But × makes zeros: the constant 0 is right in 25 %
    of the sequences of length 5, in 29 % of those of length 41, in 31 % of those of length 300. Compare scores with
    ``constant_accuracy``.
    """

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw expressions with their values."""
        symbols = np.empty((count, length), dtype=np.uint8)
        return symbols, draw_expressions(rng, symbols, 3, _WITH_TIMES)[:, None]

    def answer(self, symbols: list[int]) -> list[int]:
        """Compute the value."""
        return [_value(symbols, _WITH_TIMES)]


class SolveEquation(_BracketTask):
    """Solve an equation (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): which digit is hidden?

    Inputs: an expression of `length` - 2 symbols, as in modular_arithmetic_brackets but without ×, then = and its
    value. One of the digits of the expression is hidden behind an x: the first one from a place on that is drawn
    uniformly, and after the last symbol comes the first. Answer: that digit. The paper's text has × too; its code
    never draws it, for there would be several solutions. Lengths 1 and 2, as in the code: zeros, and the answer 0.
    With channels 0 to 4, +, -, (, ), x, =, "answer now" and targets 0 to 4, x=3 and -x=3:

        options  max_length=3
        inputs   000000000100 000000000010 000100000000 000000000001
        targets  ----- ----- ----- 00010

        options  max_length=4
        inputs   000000100000 000000000100 000000000010 000100000000 000000000001
        targets  ----- ----- ----- ----- 00100

    Chance: 2.32 bits of cross-entropy, four of five answers wrong. No constant does better, but at lengths 1 and 2.
    """

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw expressions with their values, and hide a digit of each."""
        symbols = np.zeros((count, length), dtype=np.uint8)
        if length <= _TOO_SHORT:
            return symbols, np.zeros((count, 1), dtype=np.uint8)
        expressions = np.empty((count, length - 2), dtype=np.uint8)
        symbols[:, -1] = draw_expressions(rng, expressions, 2, _WITHOUT_TIMES)
        symbols[:, -2] = _EQUALS
        rows = np.arange(count)
        turned = (rng.integers(length - 2, size=(count, 1)) + np.arange(length - 2)) % (length - 2)
        hidden = turned[rows, (expressions[rows[:, None], turned] < MODULUS).argmax(1)]
        answers = expressions[rows, hidden]
        expressions[rows, hidden] = _UNKNOWN
        symbols[:, :-2] = expressions
        return symbols, answers[:, None]

    def answer(self, symbols: list[int]) -> list[int]:
        """Try every digit."""
        if len(symbols) <= _TOO_SHORT:
            return [0]
        *expression, _, value = symbols
        tried = ([digit if symbol == _UNKNOWN else symbol for symbol in expression] for digit in range(MODULUS))
        return [next(digit for digit, each in enumerate(tried) if _value(each, _WITHOUT_TIMES) == value)]


_WITH_TIMES = Alphabet(plus=5, opening=8, closing=9)
_WITHOUT_TIMES = Alphabet(plus=5, opening=7, closing=8)
_UNKNOWN, _EQUALS = 9, 10

_TOO_SHORT = 2
"""Symbols of the longest sequence that has no room for an equation."""


def _value(symbols: list[int], alphabet: Alphabet) -> int:
    """Return the value of an expression: what a bracket holds is computed where the bracket closes."""
    outer, inside = list[list[int]](), list[int]()
    for symbol in symbols:
        if symbol == alphabet.opening:
            outer.append(inside)
            inside = []
        elif symbol == alphabet.closing:
            inside = [*outer.pop(), _reduced(inside, alphabet.plus)]
        else:
            inside.append(symbol)
    return _reduced(inside, alphabet.plus)


def _reduced(symbols: list[int], plus: int) -> int:
    """Return the value of ``d``, ``- d``, or ``a op b``, where a and b are each ``d`` or ``- d``."""
    values, operator, sign = list[int](), plus, 1
    for before, symbol in zip([plus, *symbols], symbols, strict=False):
        if symbol < MODULUS:
            values.append(sign * symbol)
            sign = 1
        elif before < MODULUS:
            operator = symbol
        else:
            sign = -1
    left, right = [0, *values][-2:]
    return (left + right, left - right, left * right)[operator - plus] % MODULUS
