"""Tasks that ask for one of several labels at each scored step: their loss and their scores."""

import math

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from mann_bench import Batch, SequenceTask


class LabelTask(SequenceTask):
    """A task that asks for one of O labels, one-hot in `targets`, at each step where the mask is 1."""

    def score_mask(self, batch: Batch) -> Float[Tensor, "T B"]:
        """Return 1 where scores count, 0 elsewhere: by default where the loss counts."""
        return batch.mask

    def loss(self, logits: Float[Tensor, "T B O"], batch: Batch) -> Float[Tensor, "B"]:
        """Return the softmax cross-entropy summed over time, in nats a sequence."""
        # [T, O, B]: the classes of cross_entropy are in dimension 1
        each = functional.cross_entropy(logits.mT, batch.targets.mT, reduction="none")
        return (each * batch.mask).sum(0)

    def scores(self, logits: Float[Tensor, "T B O"], batch: Batch) -> dict[str, Float[Tensor, "B"]]:
        """Return the scores of each sequence; all but the first count where `score_mask` is 1.

        - ``loss_bits``: cross-entropy, in bits a sequence
        - ``token_errors``: labels of which another one has the greatest logit
        - ``token_error_rate``: the same as a share of the scored labels
        - ``token_accuracy``: the share of right ones
        - ``sequence_accuracy``: 1 where no label is wrong, else 0
        """
        scored = self.score_mask(batch)
        token_errors = ((logits.argmax(-1) != batch.targets.argmax(-1)) * scored).sum(0)
        rate = token_errors / scored.sum(0)
        return {
            "loss_bits": self.loss(logits, batch) / math.log(2.0),
            "token_errors": token_errors,
            "token_error_rate": rate,
            "token_accuracy": 1 - rate,
            "sequence_accuracy": (token_errors == 0).to(logits.dtype),
        }

    def probabilities(self, logits: Float[Tensor, "T B O"]) -> Float[Tensor, "T B O"]:
        """Return the probability of each label."""
        return logits.softmax(-1)
