"""The clause on a task's streams: what a batch depends on, and what not."""

import random

import numpy as np
import torch

from mann_bench.core.streams import Stream
from mann_bench.tasks.base import Batch
from mann_bench.testing.clause import require
from mann_bench.testing.subject import TaskSubject

_FROM_RNG = "Draw from the generator that generate is given, from all of it and from no other"

_INDICES = (5, 0, 9, 3, 1)


def streams(subject: TaskSubject) -> None:
    """Batch i of a stream is a pure function of stream, seed and i; streams share no batch; seeds share evaluation."""
    _check_stateless(subject)
    _check_generators(subject)
    _check_seeds(subject)
    _check_disjoint(subject)


def _check_stateless(subject: TaskSubject) -> None:
    """Compare batches drawn in one order by one worker with batches drawn in another by a fresh one each."""
    one = subject.build()
    for stream in Stream:
        together = {index: one.batch(stream, index) for index in _INDICES}
        for index in sorted(_INDICES):
            require(
                _same(together[index], subject.build().batch(stream, index)),
                f"batch {index} of stream {stream} is another one after other batches were drawn",
                "the same, whatever came before, in any order and with any number of workers",
                f"{_FROM_RNG}; keep no state on self",
            )


def _check_generators(subject: TaskSubject) -> None:
    task = subject.build()
    drawn = []
    for seed in (1, 2):
        _seed_globally(seed)
        untouched = _next_numbers()
        _seed_globally(seed)
        drawn.append(task.batch(Stream.TRAIN, 0))
        require(_next_numbers() == untouched, "a batch draws from a global generator", "that it does not", _FROM_RNG)
    require(_same(*drawn), "a batch depends on the seeds of global generators", "that it does not", _FROM_RNG)


def _check_seeds(subject: TaskSubject) -> None:
    first, second = subject.build(seed=0), subject.build(seed=1)
    size = first.test_sizes()[0]
    for stream in Stream:
        if stream.shared:
            require(
                _same(*(task.evaluation_batch(stream, size, 4) for task in (first, second))),
                f"stream {stream} depends on the run's seed",
                "the same sequences for every seed, so that runs can be compared",
                f"{_FROM_RNG}, and leave self.seed alone",
            )
    require(
        not _same(first.batch(Stream.TRAIN, 0, size), second.batch(Stream.TRAIN, 0, size)),
        "two seeds train on the same batch",
        "another one for each",
        _FROM_RNG,
    )


def _check_disjoint(subject: TaskSubject) -> None:
    task = subject.build()
    size = task.test_sizes()[-1]
    drawn: dict[bytes, str] = {}
    for stream in Stream:
        for index in range(8):
            batch, name = task.batch(stream, index, size, 4), f"batch {index} of stream {stream}"
            alike = bool((batch.inputs == batch.inputs[:, :1]).all())
            require(not alike, f"{name} holds one sequence four times", "sequences that differ", _FROM_RNG)
            other = drawn.setdefault(_bytes(batch), name)
            require(other == name, f"{name} is {other} again", "sequences of its own for each", _FROM_RNG)


def _same(first: Batch, second: Batch) -> bool:
    return _bytes(first) == _bytes(second)


def _bytes(batch: Batch) -> bytes:
    return b"".join(part.numpy().tobytes() for part in batch)


def _seed_globally(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _next_numbers() -> tuple[float, float]:
    # Not Python's: a run-time type checker draws from it.
    return float(np.random.random()), torch.rand(1).item()
