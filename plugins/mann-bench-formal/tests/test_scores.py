"""What is asked and scored, and what is reached without looking at the symbols."""

import numpy as np
import pytest
import torch

from mann_bench import Batch


def generate(task, length, count=64):
    return task.generate(np.random.default_rng(0), {"length": length}, count)


@pytest.fixture
def measured():
    """Return a function that returns a mean score of the predictor by chance."""

    def mean(task, length, score, count=1_000):
        batch = generate(task, length, count)
        return task.scores(torch.zeros_like(batch.targets), batch)[score].mean().item()

    return mean


def test_answers_are_asked_for_after_the_symbols_and_at_no_other_step(task):
    batch = generate(task, 7)
    asked = batch.inputs[..., -1]
    assert torch.equal(asked, batch.mask)
    assert asked.sum(0).tolist() == [task.answers(7)] * 64
    assert torch.equal(asked, asked.sort(0).values)


def test_inputs_are_one_hot_and_so_are_targets_where_something_is_asked(task):
    batch = generate(task, 12)
    assert batch.inputs.sum(-1).eq(1).all()
    assert torch.equal(batch.targets.sum(-1), batch.mask)


def test_a_word_problem_asks_at_every_step(load):
    batch = generate(load("word_problem"), 9)
    assert batch.mask.shape == (9, 64)
    assert batch.mask.all()


@pytest.fixture
def ended(load):
    """A batch of stack_manipulation, and what is scored of it: up to the 2."""
    task = load("stack_manipulation")
    targets = torch.eye(3)[torch.tensor([[0, 1, 2, 0], [2, 0, 0, 0]]).T]
    targets = torch.cat([torch.zeros(3, 2, 3), targets])
    mask = torch.cat([torch.zeros(3, 2), torch.ones(4, 2)])
    return task, Batch(torch.zeros(7, 2, 6), targets, mask)


def test_scores_count_up_to_the_end_of_an_answer(ended):
    task, batch = ended
    assert task.score_mask(batch)[3:].T.tolist() == [[1, 1, 1, 0], [1, 0, 0, 0]]


def test_what_is_said_after_the_end_costs_loss_and_no_score(ended):
    task, batch = ended
    right, wrong = 10 * batch.targets, 10 * batch.targets
    wrong = wrong.clone()
    wrong[-1] = torch.tensor([0.0, 10, 0])
    first, second = task.scores(right, batch), task.scores(wrong, batch)
    assert first["token_errors"].tolist() == second["token_errors"].tolist() == [0, 0]
    assert (second["loss_bits"] > first["loss_bits"] + 5).all()


def test_one_wrong_answer_makes_a_sequence_wrong(ended):
    task, batch = ended
    logits = 10 * batch.targets
    logits[3, 0] = torch.tensor([0.0, 10, 0])
    scores = task.scores(logits, batch)
    assert scores["sequence_accuracy"].tolist() == [0, 1]
    assert scores["token_accuracy"].tolist() == pytest.approx([2 / 3, 1])


@pytest.mark.parametrize(
    ("name", "length", "reached"),
    [
        ("bucket_sort", 40, 0.78),
        ("bucket_sort", 100, 0.86),
        ("bucket_sort", 300, 0.92),
        ("modular_arithmetic_brackets", 5, 0.25),
        ("modular_arithmetic_brackets", 41, 0.29),
        ("modular_arithmetic_brackets", 300, 0.31),
        ("cycle_navigation", 1, 0.33),
        ("cycle_navigation", 5, 0.22),
        ("cycle_navigation", 100, 0.20),
        ("modular_arithmetic", 41, 0.20),
        ("solve_equation", 41, 0.20),
        ("compute_sqrt", 40, 0.53),
        ("parity_check", 40, 0.50),
        ("reverse_string", 40, 0.50),
    ],
)
def test_the_best_constant_reaches_what_the_specification_says(load, measured, name, length, reached):
    assert measured(load(name), length, "constant_accuracy", 4_000) == pytest.approx(reached, abs=0.017)


@pytest.mark.parametrize(("name", "share"), [("stack_manipulation", 0.67), ("binary_addition", 0.74)])
def test_a_share_of_the_answers_is_scored(load, name, share):
    task = load(name)
    scored = task.score_mask(generate(task, 200, 1_000)).sum(0).mean().item()
    assert scored / 200 == pytest.approx(share, abs=0.015)


def test_the_constant_does_not_depend_on_what_was_asked_before(load):
    one, other = load("bucket_sort"), load("bucket_sort")
    other.constant(20)
    assert torch.equal(one.constant(80), other.constant(80))


def test_every_answer_is_one_bit_by_chance(load):
    assert load("duplicate_string").chance({"length": 40}) == {
        "loss_bits": 80,
        "token_errors": 40,
        "token_error_rate": 0.5,
    }


def test_the_test_lengths_go_from_training_to_500(task):
    lengths = [size["length"] for size in task.test_sizes()]
    assert lengths == [40, 60, 80, 100, 200, 300, 400, 500]


def test_options_move_the_ends_of_the_lengths(load):
    task = load("parity_check", min_length=3, max_length=60, longest=250)
    assert [size["length"] for size in task.training_sizes()] == [*range(3, 61)]
    assert [size["length"] for size in task.test_sizes()] == [60, 80, 100, 200, 250]


@pytest.mark.parametrize(
    "options", [{"min_length": 0}, {"min_length": 41}, {"max_length": 500}, {"longest": 40}, {"longest": 100_001}]
)
def test_lengths_in_a_wrong_order_are_an_error(load, options):
    with pytest.raises(ValueError, match="expected 1 <= min_length <= max_length < longest <= 100,000"):
        load("parity_check", **options)


def test_an_unknown_group_is_an_error(load):
    # A run-time type checker may be the first to see it.
    with pytest.raises((ValueError, TypeError), match=r"S3.*S4.*A5.*S5"):
        load("word_problem", group="S6")


@pytest.mark.parametrize(
    ("name", "rows"),
    [("reverse_string", 40), ("duplicate_string", 40), ("missing_duplicate_string", 20), ("bucket_sort", None)],
)
def test_tasks_that_give_symbols_back_say_how_many_to_remember(load, name, rows):
    assert load(name).rows_to_remember({"length": 40}) == rows
