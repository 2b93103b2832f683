import numpy as np
import pytest

from mann_bench_recall.selective_copying import SelectiveCopying


@pytest.fixture
def draw():
    """Return a function that draws sequences and returns their tokens and the answers at the markers."""

    def drawn(task, length, tokens, count=200):
        batch = task.generate(np.random.default_rng(0), {"length": length, "tokens": tokens}, count)
        return batch.inputs.argmax(-1).T.numpy(), batch.targets[length:].argmax(-1).T.numpy()

    return drawn


def test_the_worked_examples_hold(worked_examples, same):
    task = SelectiveCopying(vocabulary=2)
    arguments = [([[1, 0]], [[1, 3]], 4), ([[0]], [[0]], 3)]
    for example, (data, places, length) in zip(worked_examples(type(task)), arguments, strict=True):
        assert same(task.encode(np.array(data), np.array(places), length), example)
        assert task.scores(task.oracle(example.inputs), example)["token_errors"].item() == 0


def test_the_answers_are_the_data_tokens_in_order(draw):
    tokens, answers = draw(SelectiveCopying(), 20, 5)
    for sequence, said in zip(tokens, answers, strict=True):
        assert (sequence[:20][sequence[:20] > 0] - 1).tolist() == said.tolist()


def test_markers_stand_at_the_end_and_nowhere_else(draw):
    tokens, _ = draw(SelectiveCopying(), 20, 5)
    assert np.unique(tokens[:, 20:]).tolist() == [15]
    assert np.unique(tokens[:, :20]).tolist() == list(range(15))


def test_every_place_is_as_likely(draw):
    tokens, _ = draw(SelectiveCopying(), 10, 3, count=20_000)
    assert (tokens[:, :10] > 0).mean(0) == pytest.approx(np.full(10, 0.3), abs=0.02)


def test_as_many_tokens_as_steps_leave_no_noise(draw):
    tokens, _ = draw(SelectiveCopying(), 5, 5)
    assert (tokens > 0).all()


def test_training_lengths_are_in_proportion_to_tokens():
    sizes = SelectiveCopying(min_tokens=2, max_tokens=3, steps_per_token=5).training_sizes()
    assert sizes == [{"length": 10, "tokens": 2}, {"length": 15, "tokens": 3}]


def test_the_length_grid_ends_at_8_times_the_tokens_and_the_length():
    sizes = [tuple(size.values()) for size in SelectiveCopying().test_sizes()]
    assert sizes == [(64, 16), (128, 16), (128, 32), (256, 32), (256, 64), (512, 128)]


def test_chance_at_16_tokens_is_61_bits_and_15_errors():
    chance = SelectiveCopying().chance({"length": 64, "tokens": 16})
    assert chance == pytest.approx({"loss_bits": 60.9177, "token_errors": 14.857143, "token_error_rate": 13 / 14})


@pytest.mark.parametrize("options", [{"vocabulary": 1}, {"min_tokens": 0}, {"min_tokens": 17}, {"steps_per_token": 0}])
def test_bad_options_are_an_error(options):
    with pytest.raises(ValueError, match="selective_copying needs vocabulary >= 2"):
        SelectiveCopying(**options)


@pytest.mark.parametrize(("length", "tokens"), [(4, 0), (4, 5)])
def test_a_size_without_room_is_an_error(draw, length, tokens):
    with pytest.raises(ValueError, match="selective_copying needs 1 token or more"):
        draw(SelectiveCopying(), length, tokens)
