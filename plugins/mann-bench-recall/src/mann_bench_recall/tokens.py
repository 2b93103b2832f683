"""Tasks whose inputs and targets are tokens: how they are drawn and laid out."""

import math
from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench import Batch, LabelTask, Size

Numbers = np.ndarray[Any, np.dtype[np.int64]]
"""Tokens, answers, positions."""

Flags = np.ndarray[Any, np.dtype[np.bool_]]

_ORACLE_LOGIT = 30.0
"""Logit of a certain answer, 0 for all others: cross-entropy below 1e-8 bits for up to 10,000 answers."""

_GROWTH = ((1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 8))
"""Sizes of a length grid as multiples of the largest training size: of its length, of what is to be remembered."""


class TokenTask(LabelTask):
    """A task of one token a step, one-hot in `inputs`, and one answer a scored step, its label.

    Answers are numbered from 0 in an alphabet of their own, the tokens that can be an answer.
    """

    @abstractmethod
    def scored_tokens(self, size: Size) -> int:
        """Return how many answers a sequence has."""

    def scores(self, logits: Float[Tensor, "T B O"], batch: Batch) -> dict[str, Float[Tensor, "B"]]:
        """Return the scores that records of these tasks have: those of `LabelTask` without ``token_accuracy``."""
        found = super().scores(logits, batch)
        del found["token_accuracy"]
        return found

    def chance(self, size: Size) -> dict[str, float]:
        """Every answer is as likely as any other."""
        scored, rate = self.scored_tokens(size), 1 - 1 / self.output_size
        loss_bits = scored * math.log2(self.output_size)
        return {"loss_bits": loss_bits, "token_errors": scored * rate, "token_error_rate": rate}

    def as_batch(self, tokens: Numbers, answers: Numbers, scored: Flags) -> Batch:
        """Return `tokens` and `answers` as a batch that is scored where `scored` is true; all are [B, T]."""
        mask = scored.T.astype(np.float32)
        inputs = _one_hot(tokens.T, self.input_size, np.ones_like(mask))
        targets = _one_hot(answers.T, self.output_size, mask)
        return Batch(*map(torch.from_numpy, (inputs, targets, mask)))

    def say(self, answers: list[dict[int, int]], steps: int) -> Float[Tensor, "T B O"]:
        """Return logits that state with certainty what each sequence answers at which of its steps."""
        logits = torch.zeros(steps, len(answers), self.output_size)
        for b, said in enumerate(answers):
            logits[list(said), b, list(said.values())] = _ORACLE_LOGIT
        return logits


def read(inputs: Float[Tensor, "T B I"]) -> list[list[int]]:
    """Return the tokens of each sequence; of a row without any, and of one with several, the lowest."""
    tokens: list[list[int]] = inputs.numpy().argmax(-1).T.tolist()
    return tokens


def draw_distinct(rng: np.random.Generator, count: int, number: int, weights: Float[np.ndarray, "N"]) -> Numbers:
    """Draw `number` of N without replacement, `count` times: each in proportion to the weights of those left.

    All N run an exponential race at the rate of their weights, and the first ones to arrive are drawn
    (Efraimidis & Spirakis 2006, https://doi.org/10.1016/j.ipl.2005.11.003).

    Returns:
        [count, number], in the order in which they are drawn.
    """
    order: Numbers = (rng.standard_exponential((count, len(weights))) / weights).argsort(axis=1)
    return order[:, :number]


def growing_sizes(largest: Size) -> list[Size]:
    """Return a length grid: the largest training size, given as (length, count), then longer ones and more of it."""
    (length_name, length), (count_name, count) = largest.items()
    return [{length_name: longer * length, count_name: more * count} for longer, more in _GROWTH]


def _one_hot(numbers: Numbers, size: int, values: Float[np.ndarray, "T B"]) -> Float[np.ndarray, "T B size"]:
    """Return rows of zeros that hold the value of [T, B] at the place that its number states."""
    rows = np.zeros((*numbers.shape, size), dtype=np.float32)
    np.put_along_axis(rows, numbers[..., None], values[..., None], axis=-1)
    return rows
