import itertools

import numpy as np
import pytest
import torch

from mann_bench.core.streams import Stream
from mann_bench.tasks.repeat_copy import RepeatCopy

over_layouts = pytest.mark.parametrize("layout", ["graves2014", "collier2018"])


@over_layouts
def test_the_layout_is_the_one_written_by_hand(golden, layout):
    case, expected = golden(f"repeat_copy_{layout}")
    data = np.array([s["data"] for s in case["sequences"]], dtype=np.float32)
    batch = RepeatCopy(**case["options"]).encode(data.swapaxes(0, 1), case["repeats"])
    for actual, written in zip(batch, expected, strict=True):
        assert torch.equal(actual, written)


@over_layouts
def test_every_data_bit_changes_its_target_bit_in_every_copy(draw_bits, layout):
    task, data = RepeatCopy(layout=layout, bits=3), draw_bits(4, 1, 3)
    before, header = task.encode(data, 3).targets, 6 if layout == "graves2014" else 5
    for t, bit in itertools.product(range(4), range(3)):
        changed = data.copy()
        changed[t, 0, bit] = 1 - changed[t, 0, bit]
        difference = (task.encode(changed, 3).targets - before).nonzero()
        assert difference.tolist() == [[header + 4 * copy + t, 0, bit] for copy in range(3)]


@over_layouts
@pytest.mark.parametrize("repeats", [1, 2, 9, 10, 20])
def test_there_are_as_many_copies_as_repeats(draw_bits, layout, repeats):
    data = draw_bits(4, 2, 8)
    targets, mask = RepeatCopy(layout=layout).encode(data, repeats)[1:]
    scored = targets[mask[:, 0] == 1][: 4 * repeats, :, :8]
    assert torch.equal(scored, torch.from_numpy(data).repeat(repeats, 1, 1))


@over_layouts
@pytest.mark.parametrize(("length", "repeats"), [(1, 1), (3, 10), (10, 3), (20, 20)])
def test_scored_are_the_copies_and_the_end_marker_where_there_is_one(layout, length, repeats):
    marker = layout == "graves2014"
    batch = RepeatCopy(layout=layout).batch(Stream.TRAIN, 0, {"length": length, "repeats": repeats}, 3)
    assert batch.mask.sum(0).tolist() == [length * repeats + marker] * 3
    assert len(batch.mask) == length + 1 + marker + length * repeats + marker


@pytest.mark.parametrize("repeats", [1, 2, 10])
def test_the_end_marker_comes_once_after_the_last_copy(draw_bits, repeats):
    targets = RepeatCopy().encode(draw_bits(4, 1, 8), repeats).targets
    assert targets[:, 0, 8].nonzero().flatten().tolist() == [4 + 2 + 4 * repeats]
    assert not targets[-1, 0, :8].any()


@over_layouts
def test_sequences_with_different_repeats_differ_before_they_are_scored(draw_bits, layout):
    task, data = RepeatCopy(layout=layout), draw_bits(4, 1, 8)
    heads = {task.encode(data, repeats).inputs[:6].numpy().tobytes() for repeats in range(1, 21)}
    assert len(heads) == 20


def test_the_count_is_normalised_by_mean_5_5_and_deviation_2_872():
    task = RepeatCopy()
    channel = [task.count_to_channel(repeats) for repeats in (1, 5, 10, 20)]
    assert channel == pytest.approx([-4.5 / 2.872, -0.5 / 2.872, 4.5 / 2.872, 14.5 / 2.872], rel=1e-3)


@pytest.mark.parametrize(("low", "high"), [(1, 10), (1, 2), (3, 7)])
def test_the_counts_of_training_have_mean_0_and_deviation_1(low, high):
    task = RepeatCopy(min_repeats=low, max_repeats=high)
    channel = [task.count_to_channel(repeats) for repeats in range(low, high + 1)]
    assert np.mean(channel) == pytest.approx(0, abs=1e-12)
    assert np.std(channel) == pytest.approx(1)


def test_a_single_count_of_training_is_zero():
    assert RepeatCopy(min_repeats=4, max_repeats=4).count_to_channel(4) == 0


def test_the_count_of_collier2018_is_a_share_of_the_largest():
    task = RepeatCopy(layout="collier2018")
    assert [task.count_to_channel(repeats) for repeats in (1, 10, 20)] == [0.1, 1.0, 2.0]


@over_layouts
def test_counts_come_back_from_float32(layout):
    task = RepeatCopy(layout=layout)
    counts = [task.channel_to_count(float(np.float32(task.count_to_channel(r)))) for r in range(1, 41)]
    assert counts == list(range(1, 41))


@pytest.mark.parametrize(("layout", "channels"), [("graves2014", (10, 9)), ("collier2018", (9, 8))])
def test_the_layout_sets_the_channels(layout, channels):
    task = RepeatCopy(layout=layout)
    assert (task.input_size, task.output_size) == channels


def test_training_sizes_are_all_pairs_of_1_to_10():
    pairs = itertools.product(range(1, 11), range(1, 11))
    assert RepeatCopy().training_sizes() == [{"length": n, "repeats": r} for n, r in pairs]


def test_training_sizes_include_all_given_ends():
    task = RepeatCopy(min_length=2, max_length=3, min_repeats=4, max_repeats=5)
    pairs = [(size["length"], size["repeats"]) for size in task.training_sizes()]
    assert pairs == [(2, 4), (2, 5), (3, 4), (3, 5)]


def test_the_test_grid_doubles_length_and_repeats():
    pairs = [(size["length"], size["repeats"]) for size in RepeatCopy().test_sizes()]
    assert pairs == [(10, 10), (20, 10), (10, 20), (20, 20)]


def test_chance_at_10_by_10_is_800_data_bits_and_400_data_errors():
    chance = RepeatCopy(layout="collier2018").chance({"length": 10, "repeats": 10})
    assert chance == {"loss_bits": 800, "bit_errors": 400}


def test_chance_with_an_end_marker_counts_its_channel_and_row():
    chance = RepeatCopy().chance({"length": 10, "repeats": 10})
    assert chance == {"loss_bits": 101 * 9, "bit_errors": 401}


@pytest.mark.parametrize(
    "options",
    [
        {"bits": 0},
        {"min_length": 0},
        {"min_length": 5, "max_length": 4},
        {"min_repeats": 0},
        {"min_repeats": 5, "max_repeats": 4},
        {"max_repeats": 0},
        {"max_length": 10**4, "max_repeats": 10**4},
    ],
)
def test_bad_options_are_an_error(options):
    with pytest.raises(ValueError, match="repeat_copy "):
        RepeatCopy(**options)
