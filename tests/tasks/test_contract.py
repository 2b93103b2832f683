"""What holds for our own tasks, in every layout, besides what is asked of every task."""

import hashlib
import itertools
import math
from collections import Counter

import pytest
import torch

from mann_bench.core.streams import Stream
from mann_bench.tasks.base import Batch, TrainingStream, training_lengths
from mann_bench.tasks.bit_vectors import BitVectorTask
from mann_bench.tasks.copy import Copy


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def digest(batch):
    return hashlib.sha256(b"".join(part.numpy().astype("<f4").tobytes() for part in batch)).hexdigest()


def best(task):
    """The scores that no predictor beats."""
    if isinstance(task, BitVectorTask):
        return {"loss_bits": 0, "bit_errors": 0, "sequence_accuracy": 1}
    return {"regret_bits": 0}


def sizes_drawn(task, monkeypatch, draws):
    """The sizes of the first training batches."""
    seen, generate = [], task.generate

    def spy(rng, size, count):
        seen.append(size)
        return generate(rng, size, 1)

    monkeypatch.setattr(task, "generate", spy)
    for index in range(draws):
        task.batch(Stream.TRAIN, index)
    return seen


def test_where_there_are_layouts_the_default_is_the_task_as_published(task):
    assert getattr(type(task)(), "layout", "graves2014") == "graves2014"


def test_sequences_are_scored_on_their_last_steps_alone(task):
    for size in task.training_sizes():
        mask = task.evaluation_batch(Stream.PROBE, size, 2).mask
        scored = int(mask[:, 0].sum())
        assert mask[-scored:].eq(1).all()
        assert mask[:-scored].eq(0).all()


def test_while_a_sequence_is_scored_inputs_are_blank_or_the_targets_of_the_step_before(task):
    for size in [*task.training_sizes(), *task.test_sizes()]:
        inputs, targets, mask = task.evaluation_batch(Stream.PROBE, size, 2)
        before = torch.cat([torch.zeros_like(targets[:1]), targets[:-1]])
        assert not inputs[mask == 1].any() or torch.equal(inputs, before)


def test_targets_are_bits(task):
    assert set(task.batch(Stream.TRAIN, 0).targets.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("grid", ["training_sizes", "test_sizes"])
def test_no_predictor_beats_the_oracle(task, grid):
    for size in getattr(task, grid)():
        batch = task.evaluation_batch(Stream.TEST, size, 3)
        scores = task.scores(task.oracle(batch.inputs), batch)
        for name, value in best(task).items():
            assert scores[name].tolist() == pytest.approx([value] * 3, abs=1e-6)


@pytest.mark.parametrize("grid", ["training_sizes", "test_sizes"])
def test_the_constant_predictor_has_the_loss_of_chance(task, grid):
    for size in getattr(task, grid)():
        batch = Batch(*(part.double() for part in task.evaluation_batch(Stream.TEST, size, 2)))
        loss_bits = task.scores(task.constant_predictor(batch.inputs), batch)["loss_bits"]
        assert loss_bits.tolist() == pytest.approx([task.chance(size)["loss_bits"]] * 2, rel=1e-12)


def test_the_training_range_has_both_ends_of_every_dimension(task):
    sizes, ends = task.training_sizes(), task.training_range()
    assert list(ends) == list(sizes[0])
    for name, (least, greatest) in ends.items():
        assert least == min(size[name] for size in sizes)
        assert greatest == max(size[name] for size in sizes)


def test_the_grid_states_chance_and_rows_to_remember_of_every_test_size(task):
    stated = [(size, task.chance(size), task.rows_to_remember(size)) for size in task.test_sizes()]
    assert task.grid() == stated


def test_training_sizes_are_equally_likely(task, monkeypatch):
    drawn, sizes = sizes_drawn(task, monkeypatch, 1000), task.training_sizes()
    for name in sizes[0]:
        values, counts = {size[name] for size in sizes}, Counter(size[name] for size in drawn)
        deviation = math.sqrt(1000 / len(values) * (1 - 1 / len(values)))
        assert all(abs(counts[value] - 1000 / len(values)) <= 5 * deviation for value in values)


def test_the_first_training_batch_is_pinned(task, pinned, request):
    batch = task.batch(Stream.TRAIN, 0, count=32)
    expected = pinned[request.node.callspec.id]["train"]
    assert (list(batch.inputs.shape), digest(batch)) == (expected["shape"], expected["sha256"])


def test_the_test_sequences_are_pinned(task, pinned, request):
    batch = task.evaluation_batch(Stream.TEST, task.test_sizes()[1], 4)
    expected = pinned[request.node.callspec.id]["test"]
    assert (list(batch.inputs.shape), digest(batch)) == (expected["shape"], expected["sha256"])


def test_evaluation_does_not_depend_on_the_order_of_a_sizes_dimensions(task):
    size = task.test_sizes()[1]
    turned = dict(reversed(size.items()))
    assert same(task.evaluation_batch(Stream.TEST, size, 4), task.evaluation_batch(Stream.TEST, turned, 4))


def test_sequences_of_a_batch_differ(task):
    inputs = task.evaluation_batch(Stream.TEST, task.test_sizes()[0], 8).inputs
    assert len({inputs[:, b].numpy().tobytes() for b in range(8)}) == 8


def test_the_training_stream_is_the_batches_in_order(task):
    for index, batch in enumerate(itertools.islice(task.train_dataloader(), 4)):
        assert same(batch, task.batch(Stream.TRAIN, index))


def test_the_training_stream_starts_where_it_is_told(task):
    assert same(next(iter(TrainingStream(task, first=7))), task.batch(Stream.TRAIN, 7))


def test_the_training_stream_has_no_end_and_starts_afresh(task):
    stream = task.train_dataloader()
    assert sum(1 for _ in itertools.islice(stream, 100)) == 100
    assert same(next(iter(stream)), task.batch(Stream.TRAIN, 0))


def test_a_batch_moves_whole(task):
    batch = task.batch(Stream.TRAIN, 0)
    moved = batch.to(torch.device("cpu"))
    assert type(moved) is type(batch)
    assert same(moved, batch)


def test_of_very_many_training_sizes_few_sequences_are_drawn(monkeypatch):
    task = Copy(max_length=2_000)
    seen, generate = [], task.generate
    monkeypatch.setattr(task, "generate", lambda rng, size, count: (seen.append(size), generate(rng, size, count))[1])
    lengths = training_lengths(task)
    assert len(seen) < 200
    assert (min(lengths), max(lengths)) == (3, 4_001)
    assert sum(lengths) / len(lengths) == pytest.approx(2_002, rel=0.02)
