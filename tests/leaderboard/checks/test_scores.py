"""Mean scores that cannot be true together, of tasks whose errors are counted in tokens; test_tampering.py has bits."""

import dataclasses

import pytest

from mann_bench.leaderboard.checks.scores import check_scores, scored_by

SOUND = {"loss_bits": 20.0, "token_errors": 1.5, "token_error_rate": 0.375, "sequence_accuracy": 0.25}
"""Of four sequences, four tokens of each scored."""


@pytest.fixture
def places(rules):
    """Return a function that changes sound scores and returns where they are found to be false."""
    task = dataclasses.replace(next(iter(rules.tasks.values())), scores=frozenset(SOUND))

    def find(**changed):
        return [finding.place for finding in check_scores("row", SOUND | changed, 4, task, scored=4.0)]

    return find


def test_sound_scores_in_tokens_have_no_fault(places):
    assert places() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token_errors", -1.0),
        ("token_errors", 1.3),
        ("token_errors", 0.5),
        ("token_errors", 3.25),
        ("token_error_rate", 0.5),
        ("token_error_rate", 1.5),
    ],
)
def test_scores_in_tokens_that_cannot_be_true_are_found(places, name, value):
    assert f"row.{name}" in places(**{name: value})


@pytest.mark.parametrize(
    ("accuracy", "found"), [(0.625, []), (0.5, ["row.token_accuracy"]), (1.5, ["row.token_accuracy"])]
)
def test_right_and_wrong_tokens_are_all_of_them(rules, accuracy, found):
    scores = SOUND | {"token_accuracy": accuracy}
    task = dataclasses.replace(next(iter(rules.tasks.values())), scores=frozenset(scores))
    assert [finding.place for finding in check_scores("row", scores, 4, task, scored=4.0)] == found


def test_chance_tells_how_many_tokens_arescored_by():
    chance = {"loss_bits": 48.0, "token_errors": 7.875, "token_error_rate": 63 / 64}
    assert scored_by(chance, SOUND) == pytest.approx(8)


def test_chance_that_states_no_tokens_does_not_tell_how_many_are_scored():
    assert scored_by({"loss_bits": 48.0}, SOUND) is None


def test_chance_tells_how_many_bits_arescored_by():
    assert scored_by({"loss_bits": 160.0, "bit_errors": 80.0}, {"loss_bits", "bit_errors"}) == 160
