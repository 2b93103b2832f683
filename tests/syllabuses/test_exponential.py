from collections import Counter

import pytest

from mann_bench.syllabuses.base import TrainedBatch
from mann_bench.syllabuses.exponential import Exponential


def told(syllabus, losses, rng):
    for loss in losses:
        syllabus.trained(TrainedBatch({"length": 1}, loss, None), rng)
    return syllabus.point()["length"]


def test_the_level_doubles_once_the_mean_loss_of_enough_batches_is_low(lengths, rng):
    syllabus = Exponential(lengths(20), below=0.01, batches=4)
    assert told(syllabus, [0.0, 0.0, 0.0], rng) == 1
    assert told(syllabus, [0.03], rng) == 2


def test_losses_before_a_move_do_not_count_after_it(lengths, rng):
    syllabus = Exponential(lengths(20), below=0.01, batches=2)
    assert told(syllabus, [0.0, 0.0, 0.0], rng) == 2
    assert told(syllabus, [0.0], rng) == 4


def test_the_mean_is_that_of_the_last_batches(lengths, rng):
    syllabus = Exponential(lengths(20), below=0.01, batches=2)
    assert told(syllabus, [5.0, 0.012, 0.009], rng) == 1
    assert told(syllabus, [0.0], rng) == 2


def test_every_size_up_to_the_level_is_as_likely(lengths, rng):
    syllabus = Exponential(lengths(20), batches=1)
    told(syllabus, [0.0, 0.0], rng)
    drawn = Counter(syllabus.draw(rng)["length"] for _ in range(8000))
    assert set(drawn) == {1, 2, 3, 4}
    assert all(abs(count - 2000) < 160 for count in drawn.values())


@pytest.mark.parametrize("options", [{"below": 0.0}, {"batches": 0}])
def test_an_option_out_of_range_is_refused(options, lengths):
    with pytest.raises(ValueError, match="must be"):
        Exponential(lengths(3), **options)
