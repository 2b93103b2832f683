import numpy as np
import pytest
import torch

from mann_bench_recall.mqar import MultiQueryAssociativeRecall


@pytest.fixture
def draw():
    """Return a function that draws sequences and returns their tokens, and their answers with -1 where unscored."""

    def drawn(task, length, pairs, count=200):
        batch = task.generate(np.random.default_rng(0), {"length": length, "pairs": pairs}, count)
        answers = torch.where(batch.mask.bool(), batch.targets.argmax(-1), -1)
        return batch.inputs.argmax(-1).T.numpy(), answers.T.numpy()

    return drawn


def query_steps(answers):
    return np.nonzero(answers >= 0)[1].reshape(len(answers), -1)


def test_the_worked_examples_hold(worked_examples, same):
    task = MultiQueryAssociativeRecall(vocabulary=4, max_pairs=2)
    arguments = [([[0, 1]], [[1, 0]], [[1, 0]]), ([[1]], [[1]], [[2]])]
    for example, numbers in zip(worked_examples(type(task)), arguments, strict=True):
        assert same(task.encode(*map(np.array, numbers), length=8), example)
        assert task.scores(task.oracle(example.inputs), example)["token_errors"].item() == 0


def test_pairs_are_a_key_and_a_value_and_none_comes_twice(draw):
    tokens, _ = draw(MultiQueryAssociativeRecall(), 64, 8)
    for column, low, high in ((0, 1, 64), (1, 65, 128)):
        drawn = np.sort(tokens[:, column:16:2], axis=1)
        assert (drawn.min(), drawn.max()) == (low, high)
        assert (np.diff(drawn) > 0).all()


def test_after_the_pairs_every_key_comes_once_among_blanks(draw):
    tokens, _ = draw(MultiQueryAssociativeRecall(), 64, 8)
    rest = np.sort(tokens[:, 16:], axis=1)
    assert (rest[:, :40] == 0).all()
    assert np.array_equal(rest[:, 40:], np.sort(tokens[:, 0:16:2], axis=1))


def test_the_answer_to_a_query_is_the_value_of_its_key(draw):
    tokens, answers = draw(MultiQueryAssociativeRecall(), 32, 8)
    for sequence, said in zip(tokens, answers, strict=True):
        value_of = dict(zip(sequence[0:16:2], sequence[1:16:2] - 65, strict=True))
        assert said[:16].max() == -1
        assert all(said[t] == value_of.get(sequence[t], -1) for t in range(16, 32))


def test_queries_take_the_first_step_of_a_slot(draw):
    _, answers = draw(MultiQueryAssociativeRecall(), 64, 8)
    assert (query_steps(answers) % 2 == 0).all()


def test_every_slot_is_met_from_the_first_to_the_last(draw):
    _, answers = draw(MultiQueryAssociativeRecall(alpha=1.0), 16, 2)
    assert np.unique(query_steps(answers)).tolist() == [4, 6, 8, 10, 12, 14]


@pytest.mark.parametrize("alpha", [0.01, 0.5, 1.0])
def test_the_slot_of_the_first_pair_follows_the_power_law(draw, alpha):
    tokens, _ = draw(MultiQueryAssociativeRecall(alpha=alpha), 20, 2, count=20_000)
    slots = (tokens[:, 4:] == tokens[:, :1]).argmax(1) // 2
    law = np.arange(1, 9) ** (alpha - 1)
    assert np.bincount(slots) / 20_000 == pytest.approx(law / law.sum(), abs=0.02)


def test_as_many_pairs_as_fit_leave_no_slot_free(draw):
    tokens, _ = draw(MultiQueryAssociativeRecall(), 32, 8)
    assert (tokens[:, 16::2] > 0).all()


def test_another_value_of_a_pair_is_another_answer(same):
    task = MultiQueryAssociativeRecall(vocabulary=8, max_pairs=2)
    keys, values, slots = np.array([[3, 0]]), np.array([[1, 2]]), np.array([[0, 1]])
    before, after = (task.encode(keys, each, slots, 8).targets for each in (values, np.array([[1, 3]])))
    assert (before != after).nonzero()[:, 0].unique().tolist() == [6]


def test_training_lengths_are_in_proportion_to_pairs():
    sizes = MultiQueryAssociativeRecall(min_pairs=2, max_pairs=3, steps_per_pair=4).training_sizes()
    assert sizes == [{"length": 8, "pairs": 2}, {"length": 12, "pairs": 3}]


def test_the_length_grid_ends_at_8_times_the_pairs_and_the_length():
    sizes = [tuple(size.values()) for size in MultiQueryAssociativeRecall().test_sizes()]
    assert sizes == [(64, 8), (128, 8), (128, 16), (256, 16), (256, 32), (512, 64)]


def test_the_length_grid_ends_where_keys_do():
    sizes = MultiQueryAssociativeRecall(vocabulary=32).test_sizes()
    assert [size["pairs"] for size in sizes] == [8, 8, 16, 16]


def test_chance_at_8_pairs_is_48_bits_and_nearly_8_errors():
    chance = MultiQueryAssociativeRecall().chance({"length": 64, "pairs": 8})
    assert chance == {"loss_bits": 48, "token_errors": 7.875, "token_error_rate": 63 / 64}


@pytest.mark.parametrize(
    "options",
    [
        {"vocabulary": 127},
        {"vocabulary": 2, "max_pairs": 1},
        {"min_pairs": 0},
        {"min_pairs": 9},
        {"max_pairs": 65},
        {"steps_per_pair": 2},
        {"steps_per_pair": 5},
        {"alpha": 0.0},
        {"alpha": float("nan")},
    ],
)
def test_bad_options_are_an_error(options):
    with pytest.raises(ValueError, match="mqar needs"):
        MultiQueryAssociativeRecall(**options)


@pytest.mark.parametrize(("length", "pairs"), [(64, 0), (300, 65), (33, 8), (30, 8)])
def test_a_size_without_room_is_an_error(draw, length, pairs):
    with pytest.raises(ValueError, match="mqar needs 1 to 64 pairs"):
        draw(MultiQueryAssociativeRecall(), length, pairs)
