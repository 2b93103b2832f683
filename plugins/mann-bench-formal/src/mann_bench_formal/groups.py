"""Word problems: multiply elements of a finite group, one after the other."""

import itertools
from functools import cache
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench import Batch, require_one_of
from mann_bench_formal.regular import draw_symbols
from mann_bench_formal.sequences import FormalTask, Symbols, one_hot

Group = Literal["S3", "S4", "A5", "S5"]


class WordProblem(FormalTask):
    """The word problem of a permutation group (Barrington 1989, https://doi.org/10.1016/0022-0000(89)90037-8).

    Inputs: `length` random elements of the group, one-hot. Answers: at every step the product of all elements so far,
    one-hot too. T = length. Elements are numbered in the lexicographic order of the permutations of 0, 1 ... n - 1,
    so that 0 is the identity; of A5, these are the even ones. A product ab is first a, then b: it takes i to b(a(i)).
    A5 and S5 are not solvable, and their word problems are complete for the circuit class NC1; S3 and S4 are.
    Merrill et al. 2024 (https://arxiv.org/abs/2404.08819) ask state-space models for the products of A5.

    With the group S3 and its elements 012, 021, 102, 120, 201, 210, by numbers 1 2 and then 3 3 3:

        options  group=S3,max_length=2
        inputs   010000 001000
        targets  010000 000100

        options  group=S3,max_length=3
        inputs   000100 000100 000100
        targets  000100 000010 100000

    Chance for a group of n elements: log2 n bits of cross-entropy an answer, (n - 1)/n of the answers wrong. No
    constant does better.

    Args:
        group: of 6, 24, 60 or 120 elements: all permutations of 3, 4 or 5 things, or the even ones of 5.
        min_length: elements of the shortest training sequence, 1 or more.
        max_length: elements of the longest training sequence, itself included.
        longest: elements of the longest test sequence, above `max_length`.
    """

    def __init__(self, *, group: Group = "S5", min_length: int = 1, max_length: int = 40, longest: int = 500) -> None:
        super().__init__(min_length=min_length, max_length=max_length, longest=longest)
        require_one_of(group=(group, Group))
        self.group = group
        self.table = products(group)
        self.input_size = self.output_size = len(self.table)

    def answers(self, length: int) -> int:
        """One at every step."""
        return length

    def steps(self, length: int) -> int:
        """As many as elements."""
        return length

    def symbols_read(self, inputs: Float[Tensor, "T B I"]) -> int:
        """Return how many elements there are."""
        return len(inputs)

    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw elements, and multiply them."""
        symbols = draw_symbols(rng, len(self.table), (length, count))
        answers = symbols.copy()
        for t in range(1, length):
            answers[t] = self.table[answers[t - 1], symbols[t]]
        return symbols.T, answers.T

    def encode(self, symbols: Symbols, answers: Symbols) -> Batch:
        """Lay out elements and products, both [B, length]."""
        inputs, targets = one_hot(symbols.T, self.input_size), one_hot(answers.T, self.output_size)
        return Batch(*map(torch.from_numpy, (inputs, targets, np.ones(inputs.shape[:2], dtype=np.float32))))

    def answer(self, symbols: list[int]) -> list[int]:
        """Follow what becomes of each thing."""
        elements = permutations(self.group)
        things, said = list(elements[0]), []
        for symbol in symbols:
            things = [elements[symbol][thing] for thing in things]
            said.append(elements.index(tuple(things)))
        return said


def permutations(group: Group) -> list[tuple[int, ...]]:
    """Return the elements of a group in lexicographic order."""
    every = itertools.permutations(range(int(group[1:])))
    return [element for element in every if group.startswith("S") or _even(element)]


def _even(permutation: tuple[int, ...]) -> bool:
    return sum(a > b for a, b in itertools.combinations(permutation, 2)) % 2 == 0


@cache
def products(group: Group) -> Symbols:
    """Return the table of products: at [a, b] that of a and then b."""
    elements = permutations(group)
    number = {element: n for n, element in enumerate(elements)}
    return np.array([[number[tuple(b[i] for i in a)] for b in elements] for a in elements], dtype=np.uint8)
