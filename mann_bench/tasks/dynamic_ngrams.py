"""Dynamic N-grams: predict the bits of a random source that is another one in every sequence."""

import math
from collections import Counter

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from mann_bench.core.sizes import Size
from mann_bench.tasks.base import Batch, SequenceTask
from mann_bench.tasks.bit_vectors import LONGEST, NATS_PER_BIT, Bits, as_batch

_TEST_BITS = (200, 400, 800)

_LARGEST_ORDER = 16
"""A table of 2**15 contexts a sequence; every order more doubles it."""


class DynamicNGrams(SequenceTask):
    """Dynamic N-grams (Graves et al. 2014, section 4.4).

    Every sequence has a table of its own: for each context of ``order - 1`` bits the probability that a one
    follows, drawn from Beta(1/2, 1/2). The first ``order - 1`` bits are fair, every other one is drawn from
    the entry of the bits before it.

    At step t the input is bit t - 1 and the target bit t: every bit is predicted from all bits before it, and
    every prediction is scored. At step 0, where no bit came before, the input is a zero, the same in every
    sequence. T = bits.

    Where a context has been followed by N0 zeros and N1 ones so far, the Bayes-optimal probability of a one is
    (N1 + 1/2) / (N1 + N0 + 1), equation 10 of the paper; that of the fair bits is 1/2. With order 2, contexts
    of one bit:

        options  order=2,bits=5
        inputs    0   0   1   1   0
        targets   0   1   1   0   1
        bayes    1/2 1/2 1/2 3/4 3/4

        options  order=2,bits=5
        inputs    0   1   1   1   0
        targets   1   1   1   0   0
        bayes    1/2 1/2 3/4 5/6 1/2

    Chance at 200 bits: 200 bits of cross-entropy, 100 bit errors a sequence. Bayes: 133.3 bits
    (mean of 2,000,000 sequences, standard error 0.03).

    Args:
        order: bits of a context and the bit that follows it, 1 to 16; the paper uses 6.
        bits: bits of a training sequence, `order` or more; the paper uses 200.
    """

    sequence_scores = frozenset({"bayes_bits"})

    def __init__(self, *, order: int = 6, bits: int = 200) -> None:
        super().__init__()
        if not 1 <= order <= min(_LARGEST_ORDER, bits) or bits > LONGEST:
            raise ValueError(f"dynamic_ngrams needs 1 <= order <= {_LARGEST_ORDER} and order <= bits <= {LONGEST:,}")
        self.order, self.bits = order, bits
        self.input_size = self.output_size = 1

    def training_sizes(self) -> list[Size]:
        """Return the one number of bits."""
        return [{"bits": self.bits}]

    def test_sizes(self) -> list[Size]:
        """Return 200, 400 and 800 bits."""
        return [{"bits": n} for n in _TEST_BITS]

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` tables and from each a sequence of ``size["bits"]`` bits."""
        contexts, sequence = 2 ** (self.order - 1), np.arange(count)
        table = rng.beta(0.5, 0.5, size=(count, contexts))
        uniform = rng.random((size["bits"], count))
        drawn = np.zeros((size["bits"], count), dtype=np.float32)
        context = np.zeros(count, dtype=np.int64)
        for t in range(size["bits"]):
            drawn[t] = uniform[t] < (0.5 if t < self.order - 1 else table[sequence, context])
            context = (2 * context + drawn[t].astype(np.int64)) % contexts
        return self.encode(drawn)

    def encode(self, data: Bits) -> Batch:
        """Lay out the bits `data`, [bits, B]."""
        inputs = np.zeros((*data.shape, 1), dtype=np.float32)
        inputs[1:, :, 0] = data[:-1]
        return as_batch(inputs, data[:, :, None].copy(), len(data))

    def loss(self, logits: Float[Tensor, "T B 1"], batch: Batch) -> Float[Tensor, "B"]:
        """Return the sigmoid cross-entropy summed over time, in nats a sequence."""
        each = functional.binary_cross_entropy_with_logits(logits, batch.targets, reduction="none")
        return (each.squeeze(-1) * batch.mask).sum(0)

    def scores(self, logits: Float[Tensor, "T B 1"], batch: Batch) -> dict[str, Float[Tensor, "B"]]:
        """Return the scores of each sequence.

        - ``loss_bits``: cross-entropy, in bits a sequence
        - ``bayes_bits``: that of the Bayes-optimal predictor on the same sequence
        - ``regret_bits``: the first less the second; below 0 only by luck, never on average
        - ``bit_errors``: wrong predictions after thresholding at 1/2
        - ``bit_error_rate``: the same as a share of the scored bits
        """
        loss_bits = self.loss(logits, batch) / NATS_PER_BIT
        bayes_bits = self.loss(bayes_logits(batch.targets, self.order), batch) / NATS_PER_BIT
        wrong = ((logits > 0) != (batch.targets > 0.5)).squeeze(-1)
        bit_errors = (wrong * batch.mask).sum(0)
        return {
            "loss_bits": loss_bits,
            "bayes_bits": bayes_bits,
            "regret_bits": loss_bits - bayes_bits,
            "bit_errors": bit_errors,
            "bit_error_rate": bit_errors / batch.mask.sum(0),
        }

    def oracle(self, inputs: Float[Tensor, "T B 1"]) -> Float[Tensor, "T B 1"]:
        """Count in a dictionary which bits followed each context so far."""
        logits = torch.zeros_like(inputs)
        for b in range(inputs.shape[1]):
            bits = [int(bit) for bit in inputs[1:, b, 0]]
            followers: Counter[tuple[int, ...]] = Counter()
            for t in range(self.order - 1, len(inputs)):
                context = bits[t - self.order + 1 : t]
                zeros, ones = followers[*context, 0], followers[*context, 1]
                logits[t, b] = math.log((ones + 0.5) / (zeros + 0.5))
                if t < len(bits):
                    followers[*context, bits[t]] += 1
        return logits

    def constant_predictor(self, inputs: Float[Tensor, "T B 1"]) -> Float[Tensor, "T B 1"]:
        """Return logits that give every bit a probability of 1/2, whatever the input."""
        return torch.zeros_like(inputs)

    def chance(self, size: Size) -> dict[str, float]:
        """The source is as likely to be any source as its mirror image."""
        return {"loss_bits": float(size["bits"]), "bit_errors": size["bits"] / 2}


def bayes_logits(bits: Float[Tensor, "T B 1"], order: int) -> Float[Tensor, "T B 1"]:
    """Return for every bit the log-odds that the Bayes-optimal predictor gives from the bits before it."""
    count, contexts = bits.shape[1], 2 ** (order - 1)
    sequence = torch.arange(count, device=bits.device)
    # Counts start at the 1/2 of the prior. In float64 the logits come out as a plain program rounds them.
    followers = torch.full((count, contexts, 2), 0.5, dtype=torch.float64, device=bits.device)
    logits = torch.zeros(bits.shape, dtype=torch.float64, device=bits.device)
    context = torch.zeros_like(sequence)
    for t, bit in enumerate(bits[:, :, 0].long()):
        if t >= order - 1:
            zeros, ones = followers[sequence, context].unbind(-1)
            logits[t, :, 0] = (ones / zeros).log()
            followers[sequence, context, bit] += 1
        context = (2 * context + bit) % contexts
    return logits.to(bits.dtype)
