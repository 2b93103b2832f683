"""Tasks whose targets are vectors of bits: their loss, their scores, their predictors."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from mann_bench.tasks.base import Batch, SequenceTask

Bits = np.ndarray[Any, np.dtype[np.float32]]
"""An array of zeros and ones."""

LONGEST = 1_000_000
"""Rows, or what takes a row each, of the longest training sequence: it alone takes some hundred megabytes."""

NATS_PER_BIT = float(np.log(2.0))

ORACLE_LOGIT = 30.0
"""Logit of a certain bit: cross-entropy below 1e-12 bits in float64."""


class BitVectorTask(SequenceTask):
    """A task with binary targets, judged by sigmoid cross-entropy and thresholded errors where the mask is 1."""

    def loss(self, logits: Float[Tensor, "T B O"], batch: Batch) -> Float[Tensor, "B"]:
        """Return the sigmoid cross-entropy summed over bits and time, in nats a sequence."""
        each = functional.binary_cross_entropy_with_logits(logits, batch.targets, reduction="none")
        return (each.sum(-1) * batch.mask).sum(0)

    def scores(self, logits: Float[Tensor, "T B O"], batch: Batch) -> dict[str, Float[Tensor, "B"]]:
        """Return the scores of each sequence.

        - ``loss_bits``: cross-entropy, in bits a sequence (the unit of Graves et al. 2014)
        - ``bit_errors``: wrong bits after thresholding at 1/2 (the unit of Collier & Beel 2018)
        - ``bit_error_rate``: the same as a share of the scored bits
        - ``sequence_accuracy``: 1 where no bit is wrong, else 0
        """
        wrong = ((logits > 0) != (batch.targets > 0.5)).sum(-1)
        bit_errors = (wrong * batch.mask).sum(0)
        return {
            "loss_bits": self.loss(logits, batch) / NATS_PER_BIT,
            "bit_errors": bit_errors,
            "bit_error_rate": bit_errors / (batch.mask.sum(0) * self.output_size),
            "sequence_accuracy": (bit_errors == 0).to(logits.dtype),
        }

    def constant_predictor(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return logits that give every bit a probability of 1/2, whatever the input."""
        return inputs.new_zeros(*inputs.shape[:2], self.output_size)


def bits(rng: np.random.Generator, *shape: int) -> Bits:
    """Return fair random bits as floats."""
    return rng.integers(0, 2, size=shape, dtype=np.int8).astype(np.float32)


def as_batch(inputs: Bits, targets: Bits, scored_steps: int) -> Batch:
    """Return arrays [T, B, *] as a batch that is scored on its last `scored_steps` steps."""
    mask = np.zeros(inputs.shape[:2], dtype=np.float32)
    mask[inputs.shape[0] - scored_steps :] = 1.0
    return Batch(torch.from_numpy(inputs), torch.from_numpy(targets), torch.from_numpy(mask))


def certain(target_bits: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return logits that state bits with certainty."""
    return (2 * target_bits - 1) * ORACLE_LOGIT
