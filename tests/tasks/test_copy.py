import itertools

import numpy as np
import pytest
import torch

from mann_bench.core.streams import Stream
from mann_bench.tasks.copy import Copy

over_layouts = pytest.mark.parametrize("layout", ["graves2014", "collier2018"])


@over_layouts
def test_the_layout_is_the_one_written_by_hand(golden, layout):
    case, expected = golden(f"copy_{layout}")
    data = np.array([s["data"] for s in case["sequences"]], dtype=np.float32)
    batch = Copy(**case["options"]).encode(data.swapaxes(0, 1))
    for actual, written in zip(batch, expected, strict=True):
        assert torch.equal(actual, written)


@over_layouts
def test_every_data_bit_changes_its_own_target_bit(draw_bits, layout):
    task, data = Copy(layout=layout, bits=3), draw_bits(4, 1, 3)
    before = task.encode(data).targets
    for t, bit in itertools.product(range(4), range(3)):
        changed = data.copy()
        changed[t, 0, bit] = 1 - changed[t, 0, bit]
        difference = (task.encode(changed).targets - before).nonzero()
        assert difference.tolist() == [[4 + 1 + t, 0, bit]]


@over_layouts
@pytest.mark.parametrize("length", [1, 2, 20, 120])
def test_a_sequence_is_scored_on_as_many_steps_as_its_length(layout, length):
    batch = Copy(layout=layout).batch(Stream.TRAIN, 0, {"length": length}, 3)
    assert batch.inputs.shape == (2 * length + 1, 3, 9)
    assert batch.mask.sum(0).tolist() == [length] * 3


def test_training_lengths_are_1_to_20():
    assert Copy().training_sizes() == [{"length": n} for n in range(1, 21)]


def test_training_lengths_include_both_given_ends():
    assert Copy(min_length=3, max_length=5).training_sizes() == [{"length": n} for n in (3, 4, 5)]


def test_test_lengths_are_20_to_120():
    assert Copy().test_sizes() == [{"length": n} for n in (20, 40, 60, 80, 100, 120)]


def test_chance_at_length_20_is_160_bits_of_loss_and_80_errors():
    assert Copy().chance({"length": 20}) == {"loss_bits": 160, "bit_errors": 80}


def test_the_number_of_bits_sets_the_channels():
    task = Copy(bits=3)
    assert (task.input_size, task.output_size) == (4, 3)
    assert task.batch(Stream.TRAIN, 0).inputs.shape[-1] == 4


@pytest.mark.parametrize(
    "options",
    [
        {"bits": 0},
        {"min_length": 0},
        {"max_length": 0},
        {"min_length": 21},
        {"min_length": 5, "max_length": 4},
        {"max_length": 10**9},
    ],
)
def test_bad_options_are_an_error(options):
    with pytest.raises(ValueError, match="copy needs"):
        Copy(**options)
