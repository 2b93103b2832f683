import math

import numpy as np
import pytest
import torch

from mann_bench_recall.mqar import MultiQueryAssociativeRecall
from mann_bench_recall.selective_copying import SelectiveCopying
from mann_bench_recall.tokens import draw_distinct, read

both = pytest.mark.parametrize("make", [MultiQueryAssociativeRecall, SelectiveCopying])


@pytest.fixture
def task():
    """Tokens 0 to 4, answers 0 to 2."""
    return SelectiveCopying(vocabulary=3)


@pytest.fixture
def batch(task):
    """Two sequences of three steps: one is scored on the last two, one on the last alone."""
    tokens, answers = np.array([[1, 4, 4], [2, 0, 4]]), np.array([[0, 1, 2], [0, 0, 1]])
    return task.as_batch(tokens, answers, tokens == 4)


@pytest.fixture
def logits():
    return torch.randn(3, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_inputs_and_scored_targets_are_one_hot(batch):
    assert batch.inputs.argmax(-1).T.tolist() == [[1, 4, 4], [2, 0, 4]]
    assert batch.inputs.sum(-1).eq(1).all()
    assert torch.equal(batch.targets.sum(-1), batch.mask)
    assert batch.targets[1:, 0].argmax(-1).tolist() == [1, 2]


def test_the_loss_is_the_negative_log_probability_of_the_answers(task, batch, logits):
    batch = type(batch)(*(part.double() for part in batch))
    log_probabilities = task.probabilities(logits).log()
    first, second = log_probabilities[1, 0, 1] + log_probabilities[2, 0, 2], log_probabilities[2, 1, 1]
    assert task.loss(logits, batch).tolist() == pytest.approx([-first.item(), -second.item()])


def test_the_loss_in_bits_is_the_loss(task, batch, logits):
    loss, loss_bits = task.loss(logits, batch), task.scores(logits, batch)["loss_bits"]
    assert torch.allclose(loss, loss_bits * math.log(2))


def test_a_token_is_wrong_where_another_one_has_the_greatest_logit(task, batch):
    logits = batch.targets.clone()
    logits[1, 0] = torch.tensor([0.5, 0.4, 0.0])
    scores = task.scores(logits, batch)
    assert scores["token_errors"].tolist() == [1, 0]
    assert scores["token_error_rate"].tolist() == [0.5, 0]
    assert scores["sequence_accuracy"].tolist() == [0, 1]


def test_what_stands_at_unscored_steps_does_not_matter(task, batch, logits):
    before, other = task.scores(logits, batch), logits.clone()
    other[batch.mask == 0] = 100.0
    after = task.scores(other, batch)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_unscored_steps_get_no_gradient(task, batch, logits):
    task.loss(logits.requires_grad_(), batch).sum().backward()
    assert logits.grad[batch.mask == 0].eq(0).all()
    assert logits.grad[batch.mask == 1].ne(0).all()


def test_the_probabilities_of_the_answers_sum_to_one(task, logits):
    assert torch.allclose(task.probabilities(logits).sum(-1), torch.ones(3, 2, dtype=torch.float64))


@both
def test_chance_is_what_logits_of_zero_score(make):
    task = make()
    size = task.test_sizes()[1]
    batch = task.generate(np.random.default_rng(0), size, 400)
    scores = task.scores(torch.zeros_like(batch.targets), batch)
    for name, expected in task.chance(size).items():
        error = 5 * scores[name].std().item() / 20
        assert scores[name].mean().item() == pytest.approx(expected, rel=1e-5, abs=error), name


@both
def test_the_oracle_is_never_wrong(make):
    task = make()
    for size in [*task.training_sizes(), *task.test_sizes()]:
        batch = task.generate(np.random.default_rng(0), size, 3)
        scores = task.scores(task.oracle(batch.inputs), batch)
        assert scores["token_errors"].tolist() == [0, 0, 0]
        assert scores["loss_bits"].max() < 1e-6


@both
def test_the_oracle_reads_anything(make):
    task = make(max_tokens=2) if make is SelectiveCopying else make(max_pairs=2)
    noise = torch.from_numpy(np.random.default_rng(0).integers(2, size=(20, 8, task.input_size)).astype(np.float32))
    assert task.oracle(noise).shape == (20, 8, task.output_size)


@both
def test_as_many_steps_are_scored_as_there_are_answers(make):
    task = make()
    for size in task.test_sizes():
        mask = task.generate(np.random.default_rng(0), size, 4).mask
        assert mask.sum(0).tolist() == [task.scored_tokens(size)] * 4


def test_a_row_of_several_tokens_reads_as_the_lowest_and_one_of_none_as_the_first():
    assert read(torch.tensor([[[0.0, 1, 1]], [[0, 0, 0]], [[0, 0, 1]]])) == [[1, 0, 2]]


def test_what_is_drawn_is_distinct():
    drawn = draw_distinct(np.random.default_rng(0), 50, 6, np.ones(6))
    assert np.array_equal(np.sort(drawn, axis=1), np.tile(np.arange(6), (50, 1)))


def test_what_is_drawn_first_is_drawn_by_weight():
    weights = np.array([1.0, 2.0, 5.0])
    first = draw_distinct(np.random.default_rng(0), 20_000, 2, weights)[:, 0]
    assert np.bincount(first) / 20_000 == pytest.approx(weights / 8, abs=0.02)


def test_what_is_drawn_next_is_drawn_by_the_weights_that_are_left():
    drawn = draw_distinct(np.random.default_rng(0), 40_000, 2, np.array([1.0, 2.0, 5.0]))
    second = drawn[drawn[:, 0] == 2, 1]
    assert np.mean(second == 1) == pytest.approx(2 / 3, abs=0.02)
