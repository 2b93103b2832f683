"""Models that torch trains without a word, whose weights or details are not as plain as others'."""

import contextlib

import numpy as np
import torch
from torch import nn

from mann_bench.core.streams import Stream
from mann_bench.evaluation.measure import grid_scores
from mann_bench.models.base import SequenceModule
from mann_bench.tasks.copy import Copy


class Odd(SequenceModule):
    """A linear model of each step with one tensor besides, which `forward` uses where it is a parameter."""

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.readout = nn.Linear(input_size, output_size)
        self.add()

    def add(self) -> None:
        """Register what is odd about the model."""

    def forward(self, inputs):
        own = [p.abs().sum() for name, p in self.named_parameters() if not name.startswith("readout")]
        return self.readout(inputs) + sum(own)


class Transposed(Odd):
    def add(self):
        self.m = nn.Parameter(torch.rand(2, 3).t())


class Fortran(Odd):
    def add(self):
        self.m = nn.Parameter(torch.from_numpy(np.asfortranarray(np.ones((3, 4), dtype=np.float32))))


class Orthonormal(Odd):
    def add(self):
        self.m = nn.Parameter(torch.linalg.qr(torch.rand(4, 4)).Q)
        self.register_buffer("e", torch.linalg.eigh(torch.eye(4) + torch.ones(4, 4)).eigenvectors)


class Parametrized(Odd):
    def add(self):
        self.map = nn.utils.parametrizations.orthogonal(nn.Linear(4, 4))


class ChannelsLast(Odd):
    def add(self):
        self.m = nn.Parameter(torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last))


class Tied(Odd):
    def add(self):
        self.other = self.readout


class Sparse(Odd):
    def add(self):
        self.register_buffer("links", torch.eye(3).to_sparse())


class DoubleComplex(Odd):
    def add(self):
        self.register_buffer("phases", torch.ones(3, dtype=torch.complex128))


class ListedDetails(Odd):
    def details(self):
        return [1, 2]


class NestedDetails(Odd):
    def details(self):
        return {"sizes": [1, 2]}


class LongDetails(Odd):
    def details(self):
        return {"story": "a" * 1_001}


class BrokenLine(Odd):
    def details(self):
        return {"story": "two\nlines"}


class HugeNumber(Odd):
    def details(self):
        return {"many": 2**60}


class LateDetails(Odd):
    """What it says after training is not what it said before."""

    def details(self):
        return {"story": "fine" if self.steps_trained == 0 else "a" * 1_001}


class EverySecond(Odd):
    """Its parameter has gaps: a view of every second column."""

    def add(self):
        self.m = nn.Parameter(torch.zeros(4, 8)[:, ::2])


class Expanded(Odd):
    """Its buffer can be saved, and nothing can be loaded into it."""

    def add(self):
        self.register_buffer("m", torch.ones(1).expand(8))


class SmallView(Odd):
    """Its buffer is a small part of a large tensor."""

    def add(self):
        self.register_buffer("m", torch.zeros(50_000_000)[:8])


class _Asking(Odd):
    """It asks for sequences of a stream while it is trained."""

    stream = Stream.TEST

    def ask(self):
        task = self.trainer.datamodule
        return task.evaluation_batch(self.stream, task.test_sizes()[0], 2)


class AsksBeforeATurn(_Asking):
    def on_train_batch_start(self, batch, batch_idx):
        self.ask()


class AsksBeforeAStep(_Asking):
    stream = Stream.PROBE

    def on_before_optimizer_step(self, optimizer):
        self.ask()


class AsksInItsTrainingStep(_Asking):
    stream = Stream.VALIDATION

    @torch.no_grad()
    def training_step(self, batches, batch_index):
        self.ask()


class AsksWhileItIsMeasured(_Asking):
    def forward(self, inputs):
        if not self.training:
            self.ask()
        return super().forward(inputs)


class AsksInSilence(_Asking):
    def on_train_batch_end(self, outputs, batch, batch_idx):
        with contextlib.suppress(Exception):
            self.ask()


class MeasuresItself(Odd):
    """It asks the suite for its scores on the test stream."""

    def on_train_batch_start(self, batch, batch_idx):
        grid_scores(self, self.trainer.datamodule, Stream.TEST, 2)


class AsksForMore(Odd):
    """It trains on sizes that only the test has."""

    def on_train_batch_start(self, batch, batch_idx):
        self.trainer.datamodule.batch(Stream.TRAIN, 0, {"length": 120})


class AsksForAnother(Odd):
    """It asks for a batch of the training stream; that is allowed."""

    def on_train_batch_start(self, batch, batch_idx):
        self.trainer.datamodule.batch(Stream.TRAIN, 0, {"length": 2})


class AsksAsItIsBuilt(Odd):
    def add(self):
        Copy().batch(Stream.TEST, 0, {"length": 20}, 1)
