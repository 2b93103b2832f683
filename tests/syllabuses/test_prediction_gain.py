"""Exp3.S against steps worked by hand, and against the rule written plainly with exponentials."""

import math

import numpy as np
import pytest

from mann_bench.syllabuses.base import TrainedBatch
from mann_bench.syllabuses.prediction_gain import PredictionGain


def told(syllabus, length, gain, rng):
    return syllabus.trained(TrainedBatch({"length": length}, 0.5, gain), rng)


def plain_step(weights, step, arm, reward, rate, exploration):
    """Return the weights after a pull, as the rule of Exp3.S says it."""
    count = len(weights)
    total = sum(math.exp(w) for w in weights)
    chance = (1 - exploration) * math.exp(weights[arm]) / total + exploration / count
    pulled = [w + rate * (reward / chance if i == arm else 0.0) for i, w in enumerate(weights)]
    share = 1 / step
    mixed = []
    for i, own in enumerate(pulled):
        others = sum(math.exp(other) for j, other in enumerate(pulled) if j != i)
        mixed.append(math.log((1 - share) * math.exp(own) + share / (count - 1) * others))
    return mixed


def test_two_arms_by_hand(lengths, rng):
    syllabus = PredictionGain(lengths(2), rate=0.1, exploration=0.5)
    assert told(syllabus, 1, 3.0, rng) == 1.0  # the first gain is at the 80th percentile of itself
    # Arm 0 was as likely as arm 1: its weight is 0.1 * 1 / 0.5. At step 1 each takes the weight of the other.
    assert syllabus.weights == pytest.approx([0.0, 0.2])
    likely = 0.5 * math.exp(0.2) / (1 + math.exp(0.2)) + 0.25
    assert syllabus.probabilities == pytest.approx([1 - likely, likely])
    # Arm 1 gains 2 / 2 nats; of the gains [1, 3] both percentiles are the first.
    assert told(syllabus, 2, 2.0, rng) == 1.0
    pulled = 0.2 + 0.1 / likely
    mean = math.log((1 + math.exp(pulled)) / 2)  # at step 2 half of each weight is the other's
    assert syllabus.weights == pytest.approx([mean, mean])


def told_reward(gain, history):
    """Return the reward of a gain that is in a sorted history, as the rule says it."""
    low, high = history[int(0.2 * len(history))], history[int(0.8 * len(history)) - 1]
    if gain < low:
        return -1.0
    return 1.0 if gain >= high else 2 * (gain - low) / (high - low) - 1


def test_weights_and_rewards_follow_the_rule(lengths, rng):
    syllabus, weights, history = PredictionGain(lengths(5), rate=0.05), [0.0] * 5, []
    for step in range(1, 200):
        length, gain = int(rng.integers(1, 6)), float(rng.normal())
        history = sorted([*history, gain / length])
        expected = told_reward(gain / length, history)
        weights = plain_step(weights, step, length - 1, expected, 0.05, 0.05)
        assert told(syllabus, length, gain, rng) == pytest.approx(expected)
        assert syllabus.weights == pytest.approx(weights)


def test_arms_are_drawn_by_their_probabilities(lengths, rng):
    syllabus = PredictionGain(lengths(3))
    syllabus.weights = np.log([1.0, 2.0, 5.0])
    drawn = [syllabus.draw(rng)["length"] for _ in range(20_000)]
    shares = [0.95 * weight / 8 + 0.05 / 3 for weight in (1, 2, 5)]
    assert [drawn.count(n) / 20_000 for n in (1, 2, 3)] == pytest.approx(shares, abs=0.015)


def test_one_arm_is_drawn_always(lengths, rng):
    syllabus = PredictionGain(lengths(1))
    told(syllabus, 1, 1.0, rng)
    assert syllabus.draw(rng) == {"length": 1}
    assert syllabus.weights.tolist() == [0.0]


def test_weights_stay_finite_at_rates_far_beyond_the_usual(lengths, rng):
    syllabus = PredictionGain(lengths(100), rate=1000.0)
    for step in range(50):
        told(syllabus, 1 + step % 100, float(step), rng)
    assert np.isfinite(syllabus.weights).all()
    assert syllabus.probabilities.sum() == pytest.approx(1.0)


def test_a_full_history_keeps_its_length(lengths, rng, monkeypatch):
    monkeypatch.setattr("mann_bench.syllabuses.prediction_gain._LONGEST_HISTORY", 20)
    syllabus = PredictionGain(lengths(2))
    for _ in range(200):
        told(syllabus, 1, float(rng.normal()), rng)
    history = syllabus.state()["history"]
    assert len(history) == 20
    assert history == sorted(history)


@pytest.mark.parametrize("options", [{"rate": 0.0}, {"exploration": 0.0}, {"exploration": 1.5}])
def test_an_option_out_of_range_is_refused(options, lengths):
    with pytest.raises(ValueError, match="rate must be above 0"):
        PredictionGain(lengths(3), **options)


def test_without_the_loss_after_a_step_there_is_an_error(lengths, rng):
    with pytest.raises(ValueError, match="needs the loss"):
        told(PredictionGain(lengths(3)), 1, None, rng)
