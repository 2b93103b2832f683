"""What every task is: streams of batches, a loss, scores, an oracle and the sizes it trains and tests on."""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench.core.closed_streams import is_closed, opened, refuse
from mann_bench.core.sizes import GridPoint, Size, size_index, size_text
from mann_bench.core.streams import Stream, generator
from mann_bench.syllabuses.course import Course


class Batch(NamedTuple):
    """Sequences of one size. T time steps, B sequences, I input and O target channels."""

    inputs: Float[Tensor, "T B I"]
    targets: Float[Tensor, "T B O"]
    mask: Float[Tensor, "T B"]
    """1 where the loss counts, and with it the scores, unless the task's `score_mask` leaves steps out; 0 elsewhere."""

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on `device`."""
        return Batch(*(tensor.to(device) for tensor in self))


class SequenceTask(pl.LightningDataModule, ABC):
    """A task of the suite; its options are the keyword-only parameters of `__init__`.

    Authors set `input_size` and `output_size` and write the abstract methods.

    Attributes:
        input_size, output_size: channels of inputs and logits.
        batch_size: sequences a training batch; the runner sets the protocol's.
        batches_at_once: training batches that the stream yields together; above 1, as a list.
        first_batch: index at which the training stream begins; the runner sets it for a run that goes on.
        seed: seed of the training stream; the runner sets the run's.
        course: draws the sizes of training batches, where the protocol's syllabus does; the runner sets the run's.
        sequence_scores: names of the scores in which the model has no part: they are of the sequences alone.
    """

    sequence_scores: ClassVar[frozenset[str]] = frozenset()
    input_size: int
    output_size: int

    def __init__(self) -> None:
        super().__init__()
        self.batch_size = 32
        self.batches_at_once = 1
        self.first_batch = 0
        self.seed = 0
        self.course: Course | None = None

    @abstractmethod
    def training_sizes(self) -> list[Size]:
        """Return the sizes of the training distribution, all equally likely."""

    @abstractmethod
    def test_sizes(self) -> list[Size]:
        """Return the grid on which length generalisation is measured."""

    @abstractmethod
    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of one size."""

    @abstractmethod
    def loss(self, logits: Float[Tensor, "T B O"], batch: Batch) -> Float[Tensor, "B"]:
        """Return the loss of each sequence, in nats."""

    @abstractmethod
    def scores(self, logits: Float[Tensor, "T B O"], batch: Batch) -> dict[str, Float[Tensor, "B"]]:
        """Return each score of each sequence, by name, in the unit that the name states."""

    @abstractmethod
    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Solve the task by a plain program that sees the inputs alone; return logits."""

    @abstractmethod
    def chance(self, size: Size) -> dict[str, float]:
        """Return the expected scores of the predictor whose logits are all 0: every bit 1/2, every token alike."""

    def probabilities(self, logits: Float[Tensor, "T B O"]) -> Float[Tensor, "T B O"]:
        """Return what logits state of each target channel, in [0, 1], for traces: by default that its bit is 1."""
        return logits.sigmoid()

    def score_mask(self, batch: Batch) -> Float[Tensor, "T B"]:
        """Return 1 where scores count, 0 elsewhere: by default where the loss counts.

        A task overrides it that trains steps without scoring them, such as the padding after an answer. Which steps
        these are has to follow from the batch, as from its targets.
        """
        return batch.mask

    def rows_to_remember(self, size: Size) -> int | None:
        """Return how many input rows of a sequence have to be kept at once; None, the default, if no such number is.

        A memory with fewer slots cannot keep each in a slot of its own: tables mark such sizes.
        """
        return None

    def training_range(self) -> dict[str, tuple[int, int]]:
        """Return the least and the greatest training size, by the name of each dimension."""
        sizes = self.training_sizes()
        return {name: (min(size[name] for size in sizes), max(size[name] for size in sizes)) for name in sizes[0]}

    def grid(self) -> list[GridPoint]:
        """Return what the task states about each of its test sizes, in their order."""
        with opened():
            return [GridPoint(size, self.chance(size), self.rows_to_remember(size)) for size in self.test_sizes()]

    def batch(self, stream: Stream, index: int, size: Size | None = None, count: int | None = None) -> Batch:
        """Return batch `index` of a stream: a pure function of (stream, seed, index), size and count.

        Args:
            stream: evaluation streams are the same for every seed.
            index: any number from 0 up.
            size: by default one of the training sizes, drawn uniformly.
            count: sequences; by default `batch_size`.

        Raises:
            EvaluationDataError: the code of a model asks for evaluation sequences, or for a size of no training batch.
        """
        rng = generator(stream, self.seed, index)
        if size is not None and is_closed() and size not in self.training_sizes():
            refuse(f"sequences of size {size_text(size)}, which is no training size")
        if size is None:
            sizes = self.training_sizes()
            size = sizes[rng.integers(len(sizes))]
        return self.generate(rng, size, self.batch_size if count is None else count)

    def evaluation_batch(self, stream: Stream, size: Size, count: int) -> Batch:
        """Return the sequences of one size of an evaluation stream, whatever other sizes are measured."""
        return self.batch(stream, size_index(size), size, count)

    def loss_by_chance(self, size: Size) -> float:
        """Return the nats a sequence that a predictor by chance loses at a size; 1 where `chance` does not tell."""
        with opened():
            return self.chance(size).get("loss_bits", 0.0) * math.log(2.0) or 1.0

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Bring what the training stream yields to a device, for Lightning; a turn goes batch by batch."""
        if isinstance(batch, Turn):
            batch.device = device
            return batch
        return super().transfer_batch_to_device(batch, device, dataloader_idx)

    def train_dataloader(self) -> "TrainingStream":
        """Return the endless training stream, for Lightning."""
        return TrainingStream(self, self.first_batch)


_MOST_LENGTHS = 128
"""Training sizes whose sequences are drawn to count their time steps."""


def training_lengths(task: SequenceTask) -> list[int]:
    """Return how many time steps a training sequence of each size of `task` has.

    Of very many sizes those at even distances stand for all, and with them the greatest of each dimension.
    """
    sizes = task.training_sizes()
    if len(sizes) > _MOST_LENGTHS:
        greatest = [max(sizes, key=lambda size: size[name]) for name in sizes[0]]
        sizes = [sizes[at * (len(sizes) - 1) // (_MOST_LENGTHS - 1)] for at in range(_MOST_LENGTHS)] + greatest
    with opened():
        return [len(task.evaluation_batch(Stream.VALIDATION, size, 1).inputs) for size in sizes]


class TrainingStream:
    """The training batches of a task, from `first` on, without end."""

    def __init__(self, task: SequenceTask, first: int = 0) -> None:
        self.task, self.first = task, first

    def __iter__(self) -> "Iterator[Batch | list[Batch] | Turn]":
        if self.task.course is not None:
            at_once = self.task.batches_at_once
            return (Turn(self.task, first, at_once) for first in itertools.count(self.first, at_once))
        batches = (self.task.batch(Stream.TRAIN, index) for index in itertools.count(self.first))
        if self.task.batches_at_once == 1:
            return batches
        return iter(lambda: list(itertools.islice(batches, self.task.batches_at_once)), [])


class Turn:
    """The next few training batches, each drawn when it is asked for.

    Lightning reads ahead; a syllabus draws a batch when it knows what came of the one before.

    Attributes:
        device: where the batches go.
        symbols: input rows of the batches that were drawn so far.
    """

    def __init__(self, task: SequenceTask, first: int, count: int) -> None:
        self.task, self.indices = task, range(first, first + count)
        self.device, self.symbols = torch.device("cpu"), 0

    def __iter__(self) -> Iterator[Batch]:
        for index in self.indices:
            size = self.task.course.size(index) if self.task.course else None
            with opened():  # a syllabus draws none but training sizes: to look them up takes time
                batch = self.task.batch(Stream.TRAIN, index, size)
            self.symbols += batch.mask.numel()
            yield batch.to(self.device)


def symbols(batches: Batch | list[Batch] | Turn) -> int:
    """Return the input rows of what the training stream yields at once, time steps times sequences."""
    if isinstance(batches, Turn):
        return batches.symbols
    return sum(batch.mask.numel() for batch in (batches if isinstance(batches, list) else [batches]))
