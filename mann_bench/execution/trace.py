"""What a run's kept weights do with one of its test sequences, step by step."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from mann_bench.core.errors import UsageError
from mann_bench.core.message_text import unstopped
from mann_bench.core.sizes import Size
from mann_bench.core.streams import Stream
from mann_bench.evaluation.trace import trace
from mann_bench.execution.restore import Restored


class SequenceTrace(NamedTuple):
    """A test sequence as a model did it.

    Attributes:
        arrays: by name: inputs, targets and outputs [T, channels], mask [T], and of a memory what
            `mann_bench.evaluation.trace.Trace` names, without the batch; slots [N] where not all are told of.
        scores: of this sequence, by name, as the task has them.
    """

    arrays: Mapping[str, np.ndarray[Any, np.dtype[Any]]]
    scores: Mapping[str, float]


def trace_sequence(restored: Restored, size: Size, index: int) -> SequenceTrace:
    """Run a test sequence through the kept weights of a run.

    Args:
        restored: the run.
        size: of the sequence.
        index: which of the test sequences of this size, from 0 up.

    Raises:
        UsageError: the run was tested on fewer sequences, or the task has none of this size.
    """
    tested = restored.record.protocol.integer("test_sequences")
    if index >= tested:
        raise UsageError(f"--index {index}: the run was tested on {tested} sequences a size, 0 to {tested - 1}.")
    try:
        batch = restored.task.evaluation_batch(Stream.TEST, size, tested)
    except ValueError as error:
        raise UsageError(f"{restored.record.task.text} has no sequences of size {size}: {unstopped(error)}.") from error
    batch = type(batch)(*(tensor[:, index : index + 1] for tensor in batch))
    traced = trace(restored.model, batch.inputs)
    tensors = {
        "inputs": batch.inputs,
        "targets": batch.targets,
        "mask": restored.task.score_mask(batch),
        "outputs": restored.task.probabilities(traced.logits),
        **traced.memory,
    }
    scores = restored.task.scores(traced.logits, batch)
    slots = {} if traced.slots is None else {"slots": traced.slots.numpy()}
    return SequenceTrace(
        {name: tensor[:, 0].numpy() for name, tensor in tensors.items()} | slots,
        {name: score.item() for name, score in scores.items()},
    )
