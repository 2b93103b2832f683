"""Stack manipulation: push and pop, and say what is left."""

import numpy as np

from mann_bench_formal.ended import END, EndedTask
from mann_bench_formal.regular import draw_symbols
from mann_bench_formal.sequences import Symbols

_POP = 2


class StackManipulation(EndedTask):
    """Stack manipulation (Deletang et al. 2023, https://arxiv.org/abs/2207.02098): what does a stack hold at the end?

    Inputs: 1 to `length` - 1 random bits, the stack from its bottom to its top, then random actions: 2 pops, 3 pushes
    a 0, 4 pushes a 1. A pop from an empty stack does nothing. Answers: the stack at the end from its top to its
    bottom, then a 2, then zeros, `length` + 1 in all. The loss counts all answers, scores count those up to the 2, as
    in the paper's code. A sequence of length 1 is one bit, and so is its stack. T = 2 * length + 1. With channels 0,
    1, pop, push 0, push 1, "answer now" and targets 0, 1, end, the stack 1 0 1 that is popped:

        options  max_length=4
        inputs   010000 100000 010000 001000 000001 000001 000001 000001 000001
        targets  --- --- --- --- 100 010 001 100 100

    and the stack 0, with a 1 pushed:

        options  max_length=2
        inputs   100000 000010 000001 000001 000001
        targets  --- --- 010 100 001

    Chance: 1.58 bits of cross-entropy an answer, two of three answers wrong. About 0.67 * length answers are scored,
    of which a constant gets half right.
    """

    input_size, output_size = 6, 3

    def answers(self, length: int) -> int:
        """As many as symbols, and the end."""
        return length + 1

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw a stack and actions, and take what no later symbol pops."""
        bits = rng.integers(1, max(2, length), size=(count, 1))
        actions = np.arange(length) >= bits
        symbols = np.where(actions, _POP + draw_symbols(rng, 3, (count, length)), draw_symbols(rng, 2, (count, length)))
        answers = np.zeros((count, length + 1), dtype=np.uint8)
        _fill(answers, symbols)
        return symbols, answers

    def answer(self, symbols: list[int]) -> list[int]:
        """Do as told."""
        stack = list[int]()
        for symbol in symbols:
            if symbol != _POP:
                stack.append(symbol % 3)
            elif stack:
                stack.pop()
        return [*reversed(stack), END, *[0] * (len(symbols) - len(stack))]


def _fill(answers: Symbols, symbols: Symbols) -> None:
    """Write the stacks that `symbols` [B, length] leave into `answers` [B, length + 1], which are all 0.

    Of the sum of pushes less pops, the height of the stack is what lies above its least value so far, or above 0. What
    was pushed is still there at the end where no later height is below that of its push.
    """
    pushed = symbols != _POP
    level = np.where(pushed, 1, -1).cumsum(1, dtype=np.int32)
    height = level - np.minimum(np.minimum.accumulate(level, axis=1), 0)
    least_from = np.minimum.accumulate(height[:, ::-1], axis=1)[:, ::-1]
    row, place = np.nonzero(pushed & (height == least_from))
    final = height[:, -1]
    answers[row, final[row] - height[row, place]] = symbols[row, place] % 3
    answers[np.arange(len(answers)), final] = END
