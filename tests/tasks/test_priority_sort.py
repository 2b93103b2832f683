import numpy as np
import pytest
import torch

from mann_bench.core.streams import Stream
from mann_bench.tasks.priority_sort import PrioritySort


@pytest.fixture
def rows(draw_bits):
    """Ten rows of eight bits, and priorities for them in random order."""
    priorities = np.linspace(-0.9, 0.9, 10, dtype=np.float32)
    return draw_bits(10, 1, 8), np.random.default_rng(0).permutation(priorities)[:, None]


def answer(data, priorities):
    """What is to be said, [answers, bits], for one sequence."""
    batch = PrioritySort().encode(data, priorities)
    return batch.targets[batch.mask == 1]


def ranked(data, priorities):
    """The rows with the highest eight of ten priorities, in descending order, by Python's sort."""
    order = sorted(range(10), key=lambda row: priorities[row, 0], reverse=True)[:8]
    return torch.from_numpy(data[order, 0])


def test_the_layout_is_the_one_written_by_hand(golden):
    case, expected = golden("priority_sort")
    data, priorities = (np.array([s[part] for s in case["sequences"]], np.float32) for part in ("data", "priorities"))
    batch = PrioritySort(**case["options"]).encode(data.swapaxes(0, 1), priorities.swapaxes(0, 1))
    for actual, written in zip(batch, expected, strict=True):
        assert torch.equal(actual, written)


def test_the_answer_is_whole_rows_in_descending_priority(rows):
    assert torch.equal(answer(*rows), ranked(*rows))


def test_other_priorities_give_another_answer(rows):
    data, priorities = rows
    for shift in range(1, 10):
        turned = np.roll(priorities, shift, axis=0)
        assert torch.equal(answer(data, turned), ranked(data, turned))
        assert not torch.equal(answer(data, turned), answer(data, priorities))


def test_rows_are_not_sorted_column_by_column(rows):
    data, priorities = rows
    whole = {row.tobytes() for row in data[:, 0]}
    assert {row.numpy().tobytes() for row in answer(data, priorities)} < whole


def test_the_order_in_which_rows_come_does_not_matter(rows):
    data, priorities = rows
    assert torch.equal(answer(data[::-1].copy(), priorities[::-1].copy()), answer(data, priorities))


def test_every_bit_that_is_asked_for_changes_its_own_target_bit(rows):
    data, priorities = rows
    before, place = answer(data, priorities), np.argsort(np.argsort(-priorities[:, 0]))
    for row, bit in np.ndindex(10, 8):
        changed = data.copy()
        changed[row, 0, bit] = 1 - changed[row, 0, bit]
        difference = (answer(changed, priorities) - before).nonzero().tolist()
        assert difference == ([[place[row], bit]] if place[row] < 8 else [])


def test_every_sequence_has_priorities_of_its_own(rows):
    data, priorities = rows
    pair = PrioritySort().encode(np.repeat(data, 2, axis=1), np.hstack([priorities, -priorities]))
    assert torch.equal(pair.targets[-8:, 0], ranked(data, priorities))
    assert torch.equal(pair.targets[-8:, 1], ranked(data, -priorities))


def test_of_equal_priorities_the_earlier_row_comes_first(draw_bits):
    task, data = PrioritySort(), draw_bits(10, 1, 8)
    batch = task.encode(data, np.zeros((10, 1), dtype=np.float32))
    assert torch.equal(batch.targets[-8:], torch.from_numpy(data[:8]))
    assert not task.scores(task.oracle(batch.inputs), batch)["bit_errors"].any()


@pytest.mark.parametrize(("items", "answers"), [(20, 16), (25, 20), (30, 24), (40, 32), (2, 1), (9, 7)])
def test_four_fifths_of_the_rows_are_asked_for(items, answers):
    batch = PrioritySort().batch(Stream.TRAIN, 0, {"items": items}, 3)
    assert batch.inputs.shape == (items + 1 + answers, 3, 10)
    assert batch.mask.sum(0).tolist() == [answers] * 3


def test_priorities_are_uniform_from_minus_1_to_1():
    items = PrioritySort().batch(Stream.TRAIN, 0, count=1000).inputs[:20, :, -1].flatten().double()
    assert (-1 <= items.min() < -0.999) & (0.999 < items.max() <= 1)
    counts = torch.histc(items, 20, -1, 1)
    assert (counts - 1000).abs().max() < 5 * (20_000 * 0.05 * 0.95) ** 0.5


def test_priorities_say_nothing_of_the_bits():
    items = PrioritySort().batch(Stream.TRAIN, 0, count=1000).inputs[:20].flatten(0, 1).double()
    correlation = torch.corrcoef(items[:, [*range(8), -1]].T)[-1, :8]
    assert correlation.abs().max() < 5 / 20_000**0.5


def test_training_has_the_one_given_number_of_items():
    assert PrioritySort().training_sizes() == [{"items": 20}]
    assert PrioritySort(items=7).training_sizes() == [{"items": 7}]


def test_the_test_has_20_to_40_items():
    assert PrioritySort().test_sizes() == [{"items": k} for k in (20, 25, 30, 40)]


def test_the_number_of_bits_sets_the_channels():
    task = PrioritySort(bits=3)
    assert (task.input_size, task.output_size) == (5, 3)


def test_chance_at_20_items_is_128_bits_of_loss_and_64_errors():
    assert PrioritySort().chance({"items": 20}) == {"loss_bits": 128, "bit_errors": 64}


@pytest.mark.parametrize("options", [{"bits": 0}, {"items": 1}, {"items": -20}, {"items": 10**9}])
def test_bad_options_are_an_error(options):
    with pytest.raises(ValueError, match="priority_sort needs"):
        PrioritySort(**options)
