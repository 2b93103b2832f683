"""Measure a model on an evaluation stream."""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch

from mann_bench.core.closed_streams import measuring
from mann_bench.core.events import SizeScores
from mann_bench.core.sizes import Size, greatest_size, spread
from mann_bench.core.streams import Stream
from mann_bench.models.base import RecurrentModel, SequenceModule
from mann_bench.tasks.base import SequenceTask

_TARGET_SEQUENCES = 32
"""Sequences of the greatest training size, where the validation sequences have none of it."""

_LARGEST_BATCH = 256
_MOST_NUMBERS = 2**27
"""Sequences run at once, and numbers that a tensor of their activations or states may hold, 512 MiB.

They bound memory and do not change what is measured.
"""


def validation_rows(model: SequenceModule, task: SequenceTask, sequences: int) -> list[SizeScores]:
    """Return mean scores at each training size, over validation sequences that are spread evenly over the sizes."""
    return _measure(model, task, Stream.VALIDATION, spread(sequences, task.training_sizes()))


def validation_scores(rows: Sequence[SizeScores]) -> dict[str, float]:
    """Return mean scores over all sequences of the rows."""
    total = sum(row.sequences for row in rows)
    return {name: sum(r.scores[name] * r.sequences for r in rows) / total for name in rows[0].scores}


def target_scores(model: SequenceModule, task: SequenceTask, rows: Sequence[SizeScores]) -> Mapping[str, float]:
    """Return mean scores at the greatest training size: of `rows`, or where they lack it, of sequences of its own.

    Empty for a task that has no size that is the greatest in every dimension.
    """
    size = greatest_size(task.training_sizes())
    if size is None:
        return {}
    found = next((row for row in rows if row.size == size), None)
    found = found or _measure(model, task, Stream.VALIDATION, [(size, _TARGET_SEQUENCES)])[0]
    return found.scores


def grid_scores(model: SequenceModule, task: SequenceTask, stream: Stream, sequences: int) -> list[SizeScores]:
    """Return mean scores at each size of the task's length grid, over `sequences` sequences a size."""
    return _measure(model, task, stream, [(size, sequences) for size in task.test_sizes()])


def size_scores(model: SequenceModule, task: SequenceTask, stream: Stream, size: Size, sequences: int) -> SizeScores:
    """Return mean scores over sequences of one size."""
    return _measure(model, task, stream, [(size, sequences)])[0]


def _measure(
    model: SequenceModule, task: SequenceTask, stream: Stream, counts: Iterable[tuple[Size, int]]
) -> list[SizeScores]:
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            most = _most_states(model)
            return [_size_scores(model, task, stream, size, n, most) for size, n in counts]
    finally:
        model.train(was_training)


def _size_scores(
    model: SequenceModule, task: SequenceTask, stream: Stream, size: Size, count: int, most: int
) -> SizeScores:
    with measuring(f"scores on the {stream} stream"):
        drawn = task.evaluation_batch(stream, size, count)
    batch = drawn.to(model.device)
    at_once = min(most, _sequences_at_once(model, len(batch.inputs)))
    chunks = zip(*(torch.split(tensor, at_once, dim=1) for tensor in batch), strict=True)
    parts = []
    for chunk in chunks:
        part = type(batch)(*chunk)
        parts.append(task.scores(model(part.inputs), part))
    found = {name: torch.cat([part[name] for part in parts]).double() for name in parts[0]}
    deviations = {name: found[name].std().item() for name in found if name in task.sequence_scores and count > 1}
    known = {name: deviation for name, deviation in deviations.items() if math.isfinite(deviation)}
    return SizeScores(size, count, {name: each.mean().item() for name, each in found.items()}, known)


def _most_states(model: SequenceModule) -> int:
    """Return of how many sequences the states, of 4 bytes a number, are held at once: memories may be large."""
    return max(1, 4 * _MOST_NUMBERS // max(1, model.state_bytes()))


def _sequences_at_once(model: SequenceModule, steps: int) -> int:
    """Return how many sequences of so many steps are run at once.

    A recurrent model is taken to hold its inputs and logits, another one, which may attend from every step to every
    other, a number for each pair of steps.
    """
    channels = model.input_size + model.output_size
    numbers = steps * (channels if isinstance(model, RecurrentModel) else max(channels, steps))
    return max(1, min(_LARGEST_BATCH, _MOST_NUMBERS // numbers))
