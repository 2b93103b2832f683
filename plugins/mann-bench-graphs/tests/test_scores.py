import pytest
import torch


def scored(task, batch, *wrong):
    """Return the scores of a right answer, but for steps at which the last digit is another one."""
    logits = 30 * batch.targets.clone()
    for step in wrong:
        at = [int(t) for t in batch.mask[:, 0].nonzero().flatten()][step]
        logits[at, 0, -10:] = logits[at, 0, -10:].roll(1)
    return {name: value[0].item() for name, value in task.scores(logits, batch).items()}


@pytest.mark.parametrize("name", ["graph_traversal", "graph_inference"])
def test_a_right_answer_has_no_errors(load, generate, name):
    task = load(name)
    scores = scored(task, generate(task, 4, 1))
    assert (scores["triple_errors"], scores["sequence_error_rate"]) == (0, 0)
    assert (scores["triple_accuracy"], scores["sequence_accuracy"]) == (1, 1)


def test_one_wrong_digit_makes_a_triple_and_the_answer_wrong(load, generate):
    task = load("graph_inference")
    scores = scored(task, generate(task, 1, 1), 1)
    assert (scores["triple_errors"], scores["sequence_accuracy"]) == (1, 0)
    assert scores["triple_accuracy"] == pytest.approx(2 / 3)


def test_a_wrong_end_makes_the_answer_wrong_and_no_triple(load, generate):
    task = load("graph_traversal")
    scores = scored(task, generate(task, 1, 1), 1)
    assert (scores["triple_errors"], scores["triple_accuracy"], scores["sequence_accuracy"]) == (0, 1, 0)


def test_an_end_that_is_only_trained_costs_loss_and_no_score(load, generate):
    task = load("graph_traversal", end="trained")
    right, wrong = (scored(task, generate(task, 1, 1), *steps) for steps in ([], [1]))
    assert (wrong["sequence_accuracy"], right["sequence_accuracy"]) == (1, 1)
    assert wrong["loss_bits"] > right["loss_bits"] + 5


@pytest.mark.parametrize(
    ("name", "options", "shares"),
    [
        ("graph_traversal", {}, [0.228, 0.147, 0.072, 0.054, 0.022]),
        ("graph_inference", {}, [0.037, 0.023, 0.009, 0.009, 0.001]),
        ("graph_inference", {"queries": 1}, [0.333, 0.261, 0.206, 0.206, 0.119]),
    ],
)
def test_a_guess_is_right_as_often_as_the_readme_says(load, generate, name, options, shares):
    task = load(name, **options)
    for lesson, share in enumerate(shares, start=1):
        batch = generate(task, lesson, 2_000)
        found = task.scores(torch.zeros_like(batch.targets), batch)["guess_accuracy"].mean().item()
        assert found == pytest.approx(share, abs=0.008), lesson


def test_a_guess_leaves_out_where_a_walk_stands(load, generate):
    task = load("graph_inference")
    batch = generate(task, 1, 5)
    guess = task.scores(torch.zeros_like(batch.targets), batch)["guess_accuracy"]
    assert guess.tolist() == pytest.approx([1 / 27] * 5)


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("graph_traversal", {"min_lesson": 0}, "1 <= min_lesson <= max_lesson <= 14"),
        ("graph_traversal", {"max_lesson": 15}, "1 <= min_lesson <= max_lesson <= 14"),
        ("graph_inference", {"min_lesson": 5, "max_lesson": 4}, "1 <= min_lesson <= max_lesson <= 17"),
        ("graph_inference", {"queries": 0}, "queries must be at least 1"),
        ("graph_inference", {"planning": -1}, "planning and relation_list must be 0 or more"),
        ("graph_inference", {"relation_list": -1}, "planning and relation_list must be 0 or more"),
        # A run-time type checker may be the first to see these.
        ("graph_traversal", {"end": "never"}, "scored.*trained.*none"),
        ("graph_traversal", {"phase_mark": "all"}, "first_step.*query"),
        ("graph_inference", {"edge_digits": "two"}, "three.*last"),
        ("graph_inference", {"relation_draw": "any"}, "by_length.*by_link"),
    ],
)
def test_options_that_make_no_sense_are_an_error(load, name, options, problem):
    with pytest.raises((ValueError, TypeError), match=problem):
        load(name, **options)


def test_a_lesson_that_is_not_there_is_an_error(load, generate):
    with pytest.raises(ValueError, match="expected a lesson from 1 to 15, not 16"):
        generate(load("graph_traversal"), 16, 1)


def test_lessons_that_are_not_trained_on_are_tested(load):
    task = load("graph_traversal", min_lesson=2, max_lesson=4)
    assert [size["lesson"] for size in task.training_sizes()] == [2, 3, 4]
    assert [size["lesson"] for size in task.test_sizes()] == [*range(2, 16)]
