"""Measure a model on an evaluation stream."""

import math
from collections.abc import Iterable

import torch

from mann_bench.core.events import SizeScores
from mann_bench.core.sizes import Size, spread
from mann_bench.core.streams import Stream
from mann_bench.models.base import SequenceModule
from mann_bench.tasks.base import SequenceTask

_LARGEST_BATCH = 256
"""Sequences run at once. It bounds memory and does not change what is measured."""


def validation_scores(model: SequenceModule, task: SequenceTask, sequences: int) -> dict[str, float]:
    """Return mean scores over validation sequences that are spread evenly over the training sizes."""
    rows = _measure(model, task, Stream.VALIDATION, spread(sequences, task.training_sizes()))
    total = sum(row.sequences for row in rows)
    return {name: sum(r.scores[name] * r.sequences for r in rows) / total for name in rows[0].scores}


def grid_scores(model: SequenceModule, task: SequenceTask, stream: Stream, sequences: int) -> list[SizeScores]:
    """Return mean scores at each size of the task's length grid, over `sequences` sequences a size."""
    return _measure(model, task, stream, [(size, sequences) for size in task.test_sizes()])


def _measure(
    model: SequenceModule, task: SequenceTask, stream: Stream, counts: Iterable[tuple[Size, int]]
) -> list[SizeScores]:
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            return [_size_scores(model, task, stream, size, n) for size, n in counts]
    finally:
        model.train(was_training)


def _size_scores(model: SequenceModule, task: SequenceTask, stream: Stream, size: Size, count: int) -> SizeScores:
    batch = task.evaluation_batch(stream, size, count).to(model.device)
    chunks = zip(*(torch.split(tensor, _LARGEST_BATCH, dim=1) for tensor in batch), strict=True)
    parts = []
    for chunk in chunks:
        part = type(batch)(*chunk)
        parts.append(task.scores(model(part.inputs), part))
    found = {name: torch.cat([part[name] for part in parts]).double() for name in parts[0]}
    deviations = {name: found[name].std().item() for name in found if name in task.sequence_scores and count > 1}
    known = {name: deviation for name, deviation in deviations.items() if math.isfinite(deviation)}
    return SizeScores(size, count, {name: each.mean().item() for name, each in found.items()}, known)
