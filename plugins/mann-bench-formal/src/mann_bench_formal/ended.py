"""Tasks whose answer ends with a symbol of its own, and zeros after it that count for the loss alone."""

import math

from jaxtyping import Float
from torch import Tensor

from mann_bench import Batch, Size
from mann_bench_formal.sequences import AskedTask

END = 2
"""The symbol that ends an answer of bits."""


class EndedTask(AskedTask):
    """A task that answers with bits, then the symbol 2, then zeros up to the number of answers.

    As in Deletang et al. 2023, the loss counts all answers, the zeros too, and scores count those up to the 2.
    """

    def score_mask(self, batch: Batch) -> Float[Tensor, "T B"]:
        """Return 1 at the answers up to the 2, itself included."""
        ends = batch.targets[..., END] * batch.mask
        return batch.mask * (ends.cumsum(0) - ends == 0)

    def chance(self, size: Size) -> dict[str, float]:
        """Every answer is as likely as any other; how many are scored is another number in every sequence."""
        return {"loss_bits": self.answers(size["length"]) * math.log2(self.output_size)}
