"""Selective copying: say the tokens back, in order, that stood at random places among noise."""

from collections import deque

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mann_bench import Batch, Size
from mann_bench_recall.tokens import Numbers, TokenTask, draw_distinct, growing_sizes, read


class SelectiveCopying(TokenTask):
    """Selective copying (Gu & Dao 2023, "Mamba", section 4.1, https://arxiv.org/abs/2312.00752).

    Inputs: `length` steps that hold `tokens` random data tokens at random places and a noise token at all
    others, then as many markers. Targets: the data tokens in order, one at each marker. T = length + tokens.
    Copying of tokens over a distance is from Arjovsky et al. 2016 (https://arxiv.org/abs/1511.06464), with
    random places from Jing et al. 2019 (https://doi.org/10.1162/neco_a_01174): a model that counts steps, and
    does not look at what it reads, cannot solve it.

    With a vocabulary of 2, two tokens in four steps (channels: noise, two data tokens, marker; targets: the
    data tokens):

        options  vocabulary=2,max_tokens=2,steps_per_token=2
        inputs   1000 0010 1000 0100 0001 0001
        targets    --   --   --   --   01   10

    and one token in three steps:

        options  vocabulary=2,max_tokens=1,steps_per_token=3
        inputs   0100 1000 1000 0001
        targets    --   --   --   10

    Chance at 16 tokens of 14: 60.9 bits of cross-entropy, 14.86 wrong tokens a sequence.

    In Mamba a run has one size, 16 tokens in sequences of 4,096 steps, and a vocabulary of 16 with noise.

    Args:
        vocabulary: different data tokens, 2 or more; noise and marker are two more.
        min_tokens: fewest data tokens of a training sequence, 1 or more.
        max_tokens: most data tokens of a training sequence, itself included; Mamba has 16.
        steps_per_token: steps before the markers for each data token, 1 or more; Mamba has 4,096 for its 16.
    """

    def __init__(
        self, *, vocabulary: int = 14, min_tokens: int = 1, max_tokens: int = 16, steps_per_token: int = 4
    ) -> None:
        super().__init__()
        if vocabulary < 2 or not 1 <= min_tokens <= max_tokens or steps_per_token < 1:
            raise ValueError(
                "selective_copying needs vocabulary >= 2, 1 <= min_tokens <= max_tokens and steps_per_token >= 1"
            )
        self.min_tokens, self.max_tokens, self.steps_per_token = min_tokens, max_tokens, steps_per_token
        self.marker = vocabulary + 1
        self.input_size, self.output_size = vocabulary + 2, vocabulary

    def training_sizes(self) -> list[Size]:
        """Return every number of tokens from `min_tokens` to `max_tokens`, the length in proportion."""
        return [{"length": n * self.steps_per_token, "tokens": n} for n in range(self.min_tokens, self.max_tokens + 1)]

    def test_sizes(self) -> list[Size]:
        """Return up to 8 times the tokens and the length of training."""
        return growing_sizes(self.training_sizes()[-1])

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences with ``size["tokens"]`` data tokens among ``size["length"]`` steps.

        Raises:
            ValueError: there are fewer steps than tokens.
        """
        length, number = size["length"], size["tokens"]
        if not 1 <= number <= length:
            raise ValueError("selective_copying needs 1 token or more, and as many steps or more")
        data = rng.integers(self.output_size, size=(count, number))
        places = draw_distinct(rng, count, number, np.ones(length))
        return self.encode(data, np.sort(places, axis=1), length)

    def encode(self, data: Numbers, places: Numbers, length: int) -> Batch:
        """Lay out `data`, numbered from 0, at `places` among `length` steps; both are [B, tokens]."""
        count, number = data.shape
        tokens = np.zeros((count, length + number), dtype=np.int64)
        np.put_along_axis(tokens, places, 1 + data, axis=1)
        tokens[:, length:] = self.marker
        answers = np.zeros_like(tokens)
        answers[:, length:] = data
        return self.as_batch(tokens, answers, tokens == self.marker)

    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Put data tokens into a queue, and take one out at each marker."""
        return self.say([self._answers(sequence) for sequence in read(inputs)], len(inputs))

    def _answers(self, sequence: list[int]) -> dict[int, int]:
        said, queue = {}, deque[int]()
        for t, token in enumerate(sequence):
            if 0 < token < self.marker:
                queue.append(token - 1)
            elif token == self.marker and queue:
                said[t] = queue.popleft()
        return said

    def rows_to_remember(self, size: Size) -> int:
        """Every data token, until it is said."""
        return size["tokens"]

    def scored_tokens(self, size: Size) -> int:
        """One at each marker."""
        return size["tokens"]
