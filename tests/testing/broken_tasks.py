"""Tasks with one defect each, as small as they can be, beside one that is sound."""

import numpy as np
import torch

from mann_bench import Batch, BitVectorTask, LabelTask


class Sound(BitVectorTask):
    """Say the first bits of a sequence again once all have come; the last channel says when.

    With two bits a row and length 2:

        options  max_length=2
        inputs   100 010 001
        targets   --  --  10

    Args:
        min_length: shortest training length.
        max_length: longest training length.
    """

    def __init__(self, *, min_length: int = 1, max_length: int = 5) -> None:
        super().__init__()
        self.min_length, self.max_length = min_length, max_length
        self.input_size, self.output_size = 3, 2

    def training_sizes(self):
        return [{"length": n} for n in range(self.min_length, self.max_length + 1)]

    def test_sizes(self):
        return [{"length": 5}, {"length": 10}]

    def generate(self, rng, size, count):

        return self.encode(rng.integers(0, 2, (size["length"], count, 2)).astype(np.float32))

    def encode(self, data):
        length, count, _ = data.shape
        inputs, targets = (np.zeros((length + 1, count, width), np.float32) for width in (3, 2))
        inputs[:-1, :, :2], inputs[-1, :, 2] = data, 1
        targets[-1] = self.answer(data)
        mask = np.zeros((length + 1, count), np.float32)
        mask[-1] = 1
        return Batch(*map(torch.from_numpy, (inputs, targets, mask)))

    def answer(self, data):
        return data[0]

    def oracle(self, inputs):
        logits = torch.zeros_like(inputs[:, :, :2])
        logits[-1] = 60 * inputs[0, :, :2] - 30
        return logits

    def chance(self, size):
        return {"loss_bits": 2.0, "bit_errors": 1.0}


class ExclusiveBound(Sound):
    __doc__ = Sound.__doc__

    def training_sizes(self):
        return [{"length": n} for n in range(self.min_length, self.max_length)] or [{"length": 2}]


class IgnoresPriorities(Sound):
    """The answer is the larger of each column, whatever the rows' priorities are.

    With rows of two bits and a priority:

        options  max_length=2
        where    a=0.5 b=0.25
        inputs   10a0 01b0 0001
        targets   --   --   11
    """

    def __init__(self, *, min_length: int = 1, max_length: int = 5) -> None:
        super().__init__(min_length=min_length, max_length=max_length)
        self.input_size = 4

    def generate(self, rng, size, count):
        inputs, targets, mask = super().generate(rng, size, count)
        priorities = torch.from_numpy(rng.uniform(-1, 1, (*mask.shape, 1)).astype(np.float32))
        priorities[-1] = 0
        return Batch(torch.cat([inputs[:, :, :2], priorities, inputs[:, :, 2:]], -1), targets, mask)

    def answer(self, data):
        return data.max(0)

    def oracle(self, inputs):
        logits = torch.zeros_like(inputs[:, :, :2])
        logits[-1] = 60 * inputs[:-1, :, :2].amax(0) - 30
        return logits

    def chance(self, size):
        return {"loss_bits": 2.0}


class SameInEveryStream(Sound):
    __doc__ = Sound.__doc__

    def generate(self, rng, size, count):
        return super().generate(np.random.default_rng(size["length"]), size, count)


class Stateful(Sound):
    __doc__ = Sound.__doc__

    def __init__(self, *, min_length: int = 1, max_length: int = 5) -> None:
        super().__init__(min_length=min_length, max_length=max_length)
        self.rng = np.random.default_rng(0)

    def generate(self, rng, size, count):
        return super().generate(self.rng, size, count)


class DrawsGlobally(Sound):
    __doc__ = Sound.__doc__

    def generate(self, rng, size, count):
        np.random.random()
        return super().generate(rng, size, count)


class ReadsGlobally(Sound):
    """It turns bits over by what torch's generator was seeded with, and draws nothing from it.

    With two bits a row and length 2:

        options  max_length=2
        inputs   100 010 001
        targets   --  --  10
    """

    def generate(self, rng, size, count):
        data = rng.integers(0, 2, (size["length"], count, 2)) + torch.initial_seed()
        return self.encode((data % 2).astype(np.float32))


class EvaluatesBySeed(Sound):
    __doc__ = Sound.__doc__

    def generate(self, rng, size, count):
        data = rng.integers(0, 2, (size["length"], count, 2))
        return self.encode(((data + self.seed) % 2).astype(np.float32))


class OverlappingStreams(Sound):
    __doc__ = Sound.__doc__

    def generate(self, rng, size, count):
        state = rng.bit_generator.state["state"]
        without_stream = np.random.Philox(key=[state["key"][0], 0], counter=state["counter"])
        return super().generate(np.random.Generator(without_stream), size, count)


class OneSequenceABatch(Sound):
    __doc__ = Sound.__doc__

    def generate(self, rng, size, count):
        return Batch(
            *(part.expand(*part.shape[:1], count, *part.shape[2:]).clone() for part in super().generate(rng, size, 1))
        )


class WrongChance(Sound):
    __doc__ = Sound.__doc__

    def chance(self, size):
        return {"loss_bits": 2.0, "bit_errors": 1.5}


class UnknownChance(Sound):
    __doc__ = Sound.__doc__

    def chance(self, size):
        return {"wrong_bits": 1.0}


class LossWithoutMask(Sound):
    __doc__ = Sound.__doc__

    def loss(self, logits, batch):
        return super().loss(logits, batch._replace(mask=torch.ones_like(batch.mask)))

    def chance(self, size):
        return {"loss_bits": 2.0 * (size["length"] + 1)}


class ScoresWithoutMask(Sound):
    __doc__ = Sound.__doc__

    def scores(self, logits, batch):
        wrong = ((logits > 0) != (batch.targets > 0.5)).sum(-1).sum(0)
        return super().scores(logits, batch) | {"all_errors": wrong}


class NothingScored(Sound):
    __doc__ = Sound.__doc__

    def generate(self, rng, size, count):
        inputs, targets, mask = super().generate(rng, size, count)
        mask[:, -1] = 0
        return Batch(inputs, targets, mask)

    def scores(self, logits, batch):
        scores = super().scores(logits, batch)
        return {name: scores[name] for name in ("loss_bits", "bit_errors")}


class HalfMask(Sound):
    __doc__ = Sound.__doc__

    def encode(self, data):
        inputs, targets, mask = super().encode(data)
        return Batch(inputs, targets, mask + 0.5 * (mask == 0))


class OneScoreABatch(Sound):
    __doc__ = Sound.__doc__

    def scores(self, logits, batch):
        return super().scores(logits, batch) | {"mean_logit": logits.mean()}


class WrongOracle(Sound):
    __doc__ = Sound.__doc__

    def oracle(self, inputs):
        return -super().oracle(inputs)


class WrongTargets(Sound):
    __doc__ = Sound.__doc__

    def answer(self, data):
        return data[-1]


class WrongExample(Sound):
    """Say the first bits again.

    options  max_length=2
    inputs   100 010 001
    targets   --  --  01
    """


class ExampleNeverDrawn(Sound):
    """Say the first bits again.

    options  max_length=2
    inputs   100 010 101
    targets   --  --  10
    """


class ExampleOfOtherOptions(Sound):
    """Say the first bits again.

    inputs   10 01 00
    targets  -- -- 10
    """


class ExampleWithoutNumber(Sound):
    """Say the first bits again.

    inputs   100 010 00x
    targets   --  --  10
    """


class NoExample(Sound):
    """Say the first bits again."""


class NothingBeyond(Sound):
    __doc__ = Sound.__doc__

    def test_sizes(self):
        return [{"length": 4}, {"length": 5}]


class BelowTraining(Sound):
    __doc__ = Sound.__doc__

    def test_sizes(self):
        return [{"length": self.min_length - 1 or 1}, {"length": 10}]


class OtherNames(Sound):
    __doc__ = Sound.__doc__

    def test_sizes(self):
        return [{"length": 5}, {"items": 10, "length": 10}]


class SizeTwice(Sound):
    __doc__ = Sound.__doc__

    def training_sizes(self):
        return [*super().training_sizes(), {"length": self.max_length}]


class RemembersTooMuch(Sound):
    __doc__ = Sound.__doc__

    def rows_to_remember(self, size):
        return size["length"] + 1


class Double(Sound):
    __doc__ = Sound.__doc__

    def encode(self, data):
        return Batch(*(part.double() for part in super().encode(data)))


class BatchFirst(Sound):
    __doc__ = Sound.__doc__

    def shaped(self, batch):
        return Batch(*(part.swapaxes(0, 1) for part in batch))

    def generate(self, rng, size, count):
        return self.shaped(super().generate(rng, size, count))


class OwnBatches(Sound):
    __doc__ = Sound.__doc__

    def batch(self, stream, index, size=None, count=None):
        return super().batch(stream, index, size or {"length": self.min_length}, count)


class Swallowing(Sound):
    __doc__ = Sound.__doc__

    def __init__(self, *, min_length: int = 1, max_length: int = 5, **others: int) -> None:
        super().__init__(min_length=min_length, max_length=max_length)


class Unexplained(Sound):
    """Say bits again, with options of which nothing is said."""

    def __init__(self, *, min_length: int = 1, max_length: int = 5) -> None:
        super().__init__(min_length=min_length, max_length=max_length)


class Labelled(LabelTask):
    """Say which of two channels was 1 more often, then which one was not, which is not scored.

        options  max_length=3
        inputs   10 01 10 00 00
        targets  -- -- -- 10 01

    Args:
        max_length: longest training length.
    """

    def __init__(self, *, max_length: int = 5) -> None:
        super().__init__()
        self.max_length, self.input_size, self.output_size = max_length, 2, 2

    def training_sizes(self):
        return [{"length": n} for n in range(1, self.max_length + 1, 2)]

    def test_sizes(self):
        return [{"length": 5}, {"length": 11}]

    def generate(self, rng, size, count):
        length = size["length"]
        inputs, targets = np.zeros((2, length + 2, count, 2), np.float32)
        inputs[:length] = np.eye(2, dtype=np.float32)[rng.integers(0, 2, (length, count))]
        targets[length] = inputs.sum(0) > length / 2
        targets[length + 1] = 1 - targets[length]
        mask = np.zeros((length + 2, count), np.float32)
        mask[length:] = 1
        return Batch(*map(torch.from_numpy, (inputs, targets, mask)))

    def score_mask(self, batch):
        return torch.cat([batch.mask[:-1], torch.zeros_like(batch.mask[-1:])])

    def oracle(self, inputs):
        logits = torch.zeros_like(inputs)
        logits[-2] = 60.0 * (inputs.sum(0) > (len(inputs) - 2) / 2)
        logits[-1] = logits[-2].flip(-1)
        return logits

    def chance(self, size):
        return {"loss_bits": 2.0, "token_errors": 0.5, "token_error_rate": 0.5, "token_accuracy": 0.5}


class ScoresPadding(Labelled):
    __doc__ = Labelled.__doc__

    def scores(self, logits, batch):
        wrong = (logits.argmax(-1) != batch.targets.argmax(-1)) * batch.mask
        return {**super().scores(logits, batch), "all_errors": wrong.sum(0)}


class ScoresTheUntrained(Labelled):
    __doc__ = Labelled.__doc__

    def score_mask(self, batch):
        return torch.ones_like(batch.mask)
