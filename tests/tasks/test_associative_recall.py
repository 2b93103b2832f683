from collections import Counter

import numpy as np
import pytest
import torch

from mann_bench.core.streams import Stream, generator
from mann_bench.tasks.associative_recall import AssociativeRecall

over_layouts = pytest.mark.parametrize("layout", ["graves2014", "collier2018"])


def drawn(task, monkeypatch, items, count):
    """The items and queries that a batch is laid out from."""
    seen = []
    encode = task.encode
    monkeypatch.setattr(task, "encode", lambda *data: seen.append(data) or encode(*data))
    task.generate(generator(Stream.TRAIN, 0, 0), {"items": items}, count)
    return seen[0]


@over_layouts
def test_the_layout_is_the_one_written_by_hand(golden, layout):
    case, expected = golden(f"associative_recall_{layout}")
    items = np.array([s["items"] for s in case["sequences"]], dtype=np.float32)
    query = np.array([s["query"] for s in case["sequences"]])
    batch = AssociativeRecall(**case["options"]).encode(items, query)
    for actual, written in zip(batch, expected, strict=True):
        assert torch.equal(actual, written)


@over_layouts
def test_the_query_decides_the_target(draw_bits, layout):
    task, items = AssociativeRecall(layout=layout), draw_bits(1, 6, 3, 6)
    for query in range(5):
        targets = task.encode(items, np.array([query])).targets
        assert torch.equal(targets[-3:, 0], torch.from_numpy(items[0, query + 1]))


@over_layouts
def test_every_bit_of_the_item_after_the_query_changes_its_target_bit(draw_bits, layout):
    task, items, query = AssociativeRecall(layout=layout), draw_bits(1, 4, 3, 6), np.array([1])
    before = task.encode(items, query).targets
    for row, bit in np.ndindex(3, 6):
        changed = items.copy()
        changed[0, 2, row, bit] = 1 - changed[0, 2, row, bit]
        difference = (task.encode(changed, query).targets - before).nonzero()
        assert difference.tolist() == [[len(before) - 3 + row, 0, bit]]


@over_layouts
def test_other_items_leave_the_target_alone(draw_bits, layout):
    task, items, query = AssociativeRecall(layout=layout), draw_bits(1, 4, 3, 6), np.array([1])
    before = task.encode(items, query)
    items[0, [0, 1, 3]] = 1 - items[0, [0, 1, 3]]
    after = task.encode(items, query)
    assert torch.equal(before.targets, after.targets)
    assert not torch.equal(before.inputs, after.inputs)


def test_every_sequence_has_a_query_of_its_own(draw_bits):
    items, query = draw_bits(5, 6, 3, 6), np.array([4, 0, 3, 1, 2])
    batch = AssociativeRecall().encode(items, query)
    for b in range(5):
        assert torch.equal(batch.inputs[-7:-4, b, :6], torch.from_numpy(items[b, query[b]]))
        assert torch.equal(batch.targets[-3:, b], torch.from_numpy(items[b, query[b] + 1]))


@over_layouts
@pytest.mark.parametrize("items", [2, 6, 20])
def test_a_sequence_is_scored_on_the_rows_of_one_item(layout, items):
    batch = AssociativeRecall(layout=layout).batch(Stream.TRAIN, 0, {"items": items}, 3)
    rows = 4 if layout == "graves2014" else 3
    assert len(batch.inputs) == items * rows + 5 + 3
    assert batch.mask.sum(0).tolist() == [3, 3, 3]


@pytest.mark.parametrize(("bits", "items", "count"), [(2, 20, 30), (2, 12, 100), (6, 20, 100)])
def test_the_items_of_a_sequence_differ(monkeypatch, bits, items, count):
    sequences, _ = drawn(AssociativeRecall(bits=bits), monkeypatch, items, count)
    assert all(len({item.tobytes() for item in sequence}) == items for sequence in sequences)


def test_items_that_differ_are_still_uniform(monkeypatch):
    sequences, _ = drawn(AssociativeRecall(bits=2), monkeypatch, 6, 2000)
    counts = Counter(item.tobytes() for sequence in sequences for item in sequence)
    assert len(counts) == 64
    assert max(abs(count - 12_000 / 64) for count in counts.values()) < 5 * (12_000 / 64) ** 0.5


def test_the_query_is_any_item_but_the_last(monkeypatch):
    _, query = drawn(AssociativeRecall(), monkeypatch, 6, 2000)
    counts = Counter(query.tolist())
    assert sorted(counts) == [0, 1, 2, 3, 4]
    assert max(abs(count - 400) for count in counts.values()) < 5 * (2000 * 0.2 * 0.8) ** 0.5


@pytest.mark.parametrize(("layout", "channels"), [("graves2014", (8, 6)), ("collier2018", (7, 6))])
def test_the_layout_sets_the_channels(layout, channels):
    task = AssociativeRecall(layout=layout)
    assert (task.input_size, task.output_size) == channels


def test_training_has_2_to_6_items():
    assert AssociativeRecall().training_sizes() == [{"items": k} for k in (2, 3, 4, 5, 6)]


def test_training_includes_both_given_ends():
    assert AssociativeRecall(min_items=3, max_items=4).training_sizes() == [{"items": 3}, {"items": 4}]


def test_the_test_has_6_to_20_items():
    assert AssociativeRecall().test_sizes() == [{"items": k} for k in (6, 8, 10, 12, 15, 20)]


def test_chance_is_18_bits_of_loss_and_9_errors():
    assert AssociativeRecall().chance({"items": 6}) == {"loss_bits": 18, "bit_errors": 9}


@pytest.mark.parametrize("item_rows", [1, 2, 4])
def test_the_oracle_makes_no_error_at_other_item_sizes(item_rows):
    task = AssociativeRecall(bits=8, item_rows=item_rows)
    batch = task.batch(Stream.TRAIN, 0, {"items": 6}, 5)
    assert not task.scores(task.oracle(batch.inputs), batch)["bit_errors"].any()


@pytest.mark.parametrize(
    "options",
    [{"bits": 0}, {"item_rows": 0}, {"min_items": 1}, {"min_items": 5, "max_items": 4}, {"max_items": 1}],
)
def test_bad_options_are_an_error(options):
    with pytest.raises(ValueError, match="associative_recall needs bits >= 1"):
        AssociativeRecall(**options)


@pytest.mark.parametrize("options", [{"bits": 5, "item_rows": 1}, {"bits": 2, "max_items": 33}])
def test_too_few_bits_for_items_that_differ_are_an_error(options):
    with pytest.raises(ValueError, match="its items must differ"):
        AssociativeRecall(**options)
