"""What the tasks of this plugin share: sizes, layout, chance, and the best answer that ignores the symbols."""

import math
from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mann_bench import Batch, LabelTask, Size

Symbols = np.ndarray[Any, np.dtype[np.uint8]]
"""Symbols by their numbers."""

_LONGEST = 100_000
"""Symbols of the longest sequence: a batch of 32 of them takes some hundred megabytes."""

_GRID = (60, 80, 100, 200, 300, 400, 500, 1_000, 2_000, 5_000)
_ORACLE_LOGIT = 30.0
_SAMPLES, _SAMPLE = 16, 128
"""Batches, and sequences of each, from which the best constant is taken."""

_NUMBERS = 2**24
"""Numbers that a batch of them may hold; of very long sequences there are fewer."""


class FormalTask(LabelTask):
    """A task on sequences of symbols, all of one length, that asks for a symbol at the last steps or at all of them.

    Args:
        min_length: symbols of the shortest training sequence, 1 or more.
        max_length: symbols of the longest training sequence, itself included.
        longest: symbols of the longest test sequence, above `max_length`. The test lengths are `max_length`, those of
            60, 80, 100, 200, 300, 400, 500, 1000, 2000 and 5000 that lie between the two, and `longest`.
    """

    sequence_scores = frozenset({"constant_accuracy"})

    def __init__(self, *, min_length: int = 1, max_length: int = 40, longest: int = 500) -> None:
        super().__init__()
        if not 1 <= min_length <= max_length < longest <= _LONGEST:
            raise ValueError(f"expected 1 <= min_length <= max_length < longest <= {_LONGEST:,}")
        self.min_length, self.max_length, self.longest = min_length, max_length, longest
        self._constants: dict[int, Tensor] = {}

    @abstractmethod
    def draw(self, rng: np.random.Generator, length: int, count: int) -> tuple[Symbols, Symbols]:
        """Draw `count` sequences of one length: their symbols [B, symbols] and their answers [B, answers]."""

    @abstractmethod
    def encode(self, symbols: Symbols, answers: Symbols) -> Batch:
        """Lay out symbols [B, symbols] and answers [B, answers]."""

    @abstractmethod
    def answer(self, symbols: list[int]) -> list[int]:
        """Return the answers to one sequence, by a plain program."""

    @abstractmethod
    def answers(self, length: int) -> int:
        """Return how many answers a sequence of a length has; they stand at its last steps."""

    @abstractmethod
    def steps(self, length: int) -> int:
        """Return how many time steps a sequence of a length has."""

    @abstractmethod
    def symbols_read(self, inputs: Float[Tensor, "T B I"]) -> int:
        """Return how many steps hold symbols of the sequence; they come first."""

    def training_sizes(self) -> list[Size]:
        """Return every length from `min_length` to `max_length`."""
        return [{"length": n} for n in range(self.min_length, self.max_length + 1)]

    def test_sizes(self) -> list[Size]:
        """Return the longest training length, and longer ones up to `longest`."""
        between = [n for n in _GRID if self.max_length < n < self.longest]
        return [{"length": n} for n in (self.max_length, *between, self.longest)]

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of ``size["length"]`` symbols."""
        return self.encode(*self.draw(rng, size["length"], count))

    def scores(self, logits: Float[Tensor, "T B O"], batch: Batch) -> dict[str, Float[Tensor, "B"]]:
        """Return the scores of each sequence, as of any task of labels, and one that no model changes.

        - ``constant_accuracy``: the share of right answers of the best predictor that knows the length of the
          sequence and the place of the answer, and does not look at the symbols
        """
        scored, constant = self.score_mask(batch), self.constant(len(logits)).to(logits.device)
        right = ((constant[:, None] == batch.targets.argmax(-1)) * scored).sum(0)
        return {**super().scores(logits, batch), "constant_accuracy": right / scored.sum(0)}

    def constant(self, steps: int) -> Int[Tensor, "T"]:
        """Return the most frequent answer at each of so many steps, of a sample that is always the same."""
        if steps not in self._constants:
            length = next(n for n in range(1, steps + 1) if self.steps(n) == steps)
            rng, counts = np.random.Generator(np.random.Philox(length)), torch.zeros(steps, self.output_size)
            sample = max(1, min(_SAMPLE, _NUMBERS // (steps * (self.input_size + self.output_size))))
            for _ in range(_SAMPLES):
                batch = self.generate(rng, {"length": length}, sample)
                counts += (batch.targets * self.score_mask(batch).unsqueeze(-1)).sum(1)
            self._constants[steps] = counts.argmax(-1)
        return self._constants[steps]

    def chance(self, size: Size) -> dict[str, float]:
        """Every answer is as likely as any other."""
        answers, rate = self.answers(size["length"]), 1 - 1 / self.output_size
        loss_bits = answers * math.log2(self.output_size)
        return {"loss_bits": loss_bits, "token_errors": answers * rate, "token_error_rate": rate}

    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Answer each sequence by the plain program `answer`."""
        logits = torch.zeros(*inputs.shape[:2], self.output_size)
        read = inputs[: self.symbols_read(inputs)].argmax(-1).T.tolist()
        for b, symbols in enumerate(read):
            answers = self.answer(symbols)
            logits[range(len(inputs) - len(answers), len(inputs)), b, answers] = _ORACLE_LOGIT
        return logits


class AskedTask(FormalTask):
    """A task that is asked after the last symbol, as all of Deletang et al. 2023 are.

    The last input channel is one more symbol, "answer now", which stands at each of the last steps, one for every
    answer. T = length + answers. The model hears none of its answers.
    """

    def encode(self, symbols: Symbols, answers: Symbols) -> Batch:
        """Lay out the symbols, and then an "answer now" for each answer."""
        (count, length), asked = symbols.shape, answers.shape[1]
        codes = np.full((length + asked, count), self.input_size - 1, dtype=np.uint8)
        codes[:length] = symbols.T
        targets = np.zeros((length + asked, count, self.output_size), dtype=np.float32)
        targets[length:] = one_hot(answers.T, self.output_size)
        mask = np.zeros((length + asked, count), dtype=np.float32)
        mask[length:] = 1.0
        return Batch(*map(torch.from_numpy, (one_hot(codes, self.input_size), targets, mask)))

    def steps(self, length: int) -> int:
        """Return the symbols and the answers."""
        return length + self.answers(length)

    def symbols_read(self, inputs: Float[Tensor, "T B I"]) -> int:
        """Return how many steps come before the first "answer now"."""
        return int((inputs[:, 0, -1] == 0).sum())


def one_hot(codes: Symbols, size: int) -> Float[np.ndarray, "*shape size"]:
    """Return rows that are 1 at the place that a code states, and 0 elsewhere."""
    return np.eye(size, dtype=np.float32).take(codes, axis=0)
