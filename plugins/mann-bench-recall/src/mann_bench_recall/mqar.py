"""Multi-query associative recall: shown pairs of a key and a value, name the value of each key that comes again."""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mann_bench import Batch, Size
from mann_bench_recall.tokens import Numbers, TokenTask, draw_distinct, growing_sizes, read


class MultiQueryAssociativeRecall(TokenTask):
    """Multi-query associative recall, MQAR (Arora et al. 2023, "Zoology", https://arxiv.org/abs/2312.04927).

    A sequence begins with `pairs` pairs, a key and then its value: keys and values are drawn from disjoint
    halves of the vocabulary, and none comes twice. Every key then comes once more, as a query, and at that
    step its value is the answer. The steps after the pairs are slots of two; a query takes the first step of a
    slot, and the blank token stands everywhere else. The key of the first pair draws its slot first, slot
    s = 1, 2 ... with a probability in proportion to s ** (alpha - 1), then that of the second pair from the
    slots that are left, and so on: with a small `alpha` most queries come soon. T = length.

    With a vocabulary of 4, two pairs, the queries in the second and the first slot (channels: blank, two keys,
    two values; targets: the values):

        options  vocabulary=4,max_pairs=2,steps_per_pair=4
        inputs   01000 00001 00100 00010 00100 10000 01000 10000
        targets     --    --    --    --    10    --    01    --

    and with one pair, its query in the third slot:

        options  vocabulary=4,max_pairs=1
        inputs   00100 00001 10000 10000 10000 10000 00100 10000
        targets     --    --    --    --    --    --    01    --

    Chance at 8 pairs and 64 values: 48 bits of cross-entropy, 7.875 wrong tokens a sequence.

    Where the authors' code (https://github.com/HazyResearch/zoology) differs: it has 8,192 tokens and learns an
    embedding of each; the model answers with any of them, here with a value; the other steps hold the blank
    token, as here, in the runs of the paper's figure 2, and random tokens by default. There a run has one size,
    from 4 pairs in 64 steps to 64 pairs in 512: the last one is the end of our length grid.

    Args:
        vocabulary: keys and values together, an even number of 4 or more; the blank token is one more. The authors'
            code has 8,192.
        min_pairs: fewest pairs of a training sequence, 1 or more.
        max_pairs: most pairs of a training sequence, itself included, at most `vocabulary` / 2.
        steps_per_pair: training length for each pair, an even number of 4 or more.
        alpha: power of the law of the queries' slots, above 0; 1 is uniform. The default is that of figure 2.
    """

    def __init__(
        self,
        *,
        vocabulary: int = 128,
        min_pairs: int = 1,
        max_pairs: int = 8,
        steps_per_pair: int = 8,
        alpha: float = 0.01,
    ) -> None:
        super().__init__()
        if vocabulary < 4 or vocabulary % 2:
            raise ValueError(f"mqar needs an even vocabulary of 4 tokens or more, not {vocabulary}")
        if not 1 <= min_pairs <= max_pairs <= vocabulary // 2:
            raise ValueError("mqar needs 1 <= min_pairs <= max_pairs <= vocabulary / 2: every pair has its own key")
        if steps_per_pair < 4 or steps_per_pair % 2:
            raise ValueError(f"mqar needs an even steps_per_pair of 4 or more, not {steps_per_pair}")
        if not 0 < alpha < np.inf:
            raise ValueError(f"mqar needs a finite alpha above 0, not {alpha:g}")
        self.min_pairs, self.max_pairs, self.steps_per_pair = min_pairs, max_pairs, steps_per_pair
        self.alpha = alpha
        self.keys = vocabulary // 2
        self.input_size, self.output_size = vocabulary + 1, self.keys

    def training_sizes(self) -> list[Size]:
        """Return every number of pairs from `min_pairs` to `max_pairs`, the length in proportion."""
        return [{"length": n * self.steps_per_pair, "pairs": n} for n in range(self.min_pairs, self.max_pairs + 1)]

    def test_sizes(self) -> list[Size]:
        """Return up to 8 times the pairs and the length of training, as far as there are keys for them."""
        return [size for size in growing_sizes(self.training_sizes()[-1]) if size["pairs"] <= self.keys]

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of ``size["length"]`` steps with ``size["pairs"]`` pairs.

        Raises:
            ValueError: there are not so many keys, or not so many steps for queries.
        """
        length, pairs = size["length"], size["pairs"]
        if not 1 <= pairs <= self.keys or length % 2 or length < 4 * pairs:
            raise ValueError(f"mqar needs 1 to {self.keys} pairs and an even length of 4 steps a pair or more")
        keys, values = (draw_distinct(rng, count, pairs, np.ones(of)) for of in (self.keys, self.output_size))
        law = np.arange(1, length // 2 - pairs + 1) ** (self.alpha - 1)
        return self.encode(keys, values, draw_distinct(rng, count, pairs, law), length)

    def encode(self, keys: Numbers, values: Numbers, slots: Numbers, length: int) -> Batch:
        """Lay out `keys`, their `values` and the `slots` of their queries, [B, pairs], each numbered from 0."""
        count, pairs = keys.shape
        key_tokens, query_steps = 1 + keys, 2 * (pairs + slots)
        tokens, answers = np.zeros((2, count, length), dtype=np.int64)
        scored = np.zeros((count, length), dtype=np.bool_)
        tokens[:, 0 : 2 * pairs : 2] = key_tokens
        tokens[:, 1 : 2 * pairs : 2] = 1 + self.keys + values
        np.put_along_axis(tokens, query_steps, key_tokens, axis=1)
        np.put_along_axis(answers, query_steps, values, axis=1)
        np.put_along_axis(scored, query_steps, True, axis=1)
        return self.as_batch(tokens, answers, scored)

    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Put each value into a dictionary under the token before it, then look keys up that are in there."""
        return self.say([self._answers(sequence) for sequence in read(inputs)], len(inputs))

    def _answers(self, sequence: list[int]) -> dict[int, int]:
        said, known, before = {}, dict[int, int](), 0
        for t, token in enumerate(sequence):
            if token > self.keys:
                known[before] = token - self.keys - 1
            elif token and token in known:
                said[t] = known[token]
            before = token
        return said

    def rows_to_remember(self, size: Size) -> int:
        """The key and the value of every pair."""
        return 2 * size["pairs"]

    def scored_tokens(self, size: Size) -> int:
        """Every key is asked for once."""
        return size["pairs"]
