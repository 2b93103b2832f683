import numpy as np
import pytest

from mann_bench.leaderboard.checks.similar import similar_curves


def curve(seed, count=30):
    """A fall to nothing in the same way for every seed, and noise of its own."""
    return 80 * np.exp(-np.arange(count) / 8) + np.random.default_rng(seed).random(count)


@pytest.fixture
def pairs(make_record):
    """Return a function that says which of some curves are one, and by how many evaluations they are shifted."""
    row = make_record().curve[0]

    def find(*curves):
        rows = [[row.model_copy(update={"scores": {"loss_bits": loss}}) for loss in each] for each in curves]
        return list(similar_curves([make_record().model_copy(update={"curve": each}) for each in rows]))

    return find


def test_runs_that_fall_alike_are_not_taken_for_one(pairs):
    assert pairs(*map(curve, range(300))) == []


@pytest.mark.parametrize("shift", [0, 1, 5])
def test_a_curve_is_known_again_scaled_moved_and_shifted(pairs, shift):
    assert pairs(curve(0), curve(1), 0.5 * curve(0)[shift:] + 3) == [(0, 2, shift)]


def test_a_curve_is_known_again_under_a_little_noise(pairs):
    assert len(pairs(curve(0), curve(0) + 0.001 * curve(1))) == 1


def test_a_curve_with_much_noise_is_not(pairs):
    assert pairs(curve(0), curve(0) + 0.3 * curve(1)) == []


def test_short_flat_and_broken_curves_are_not_compared(pairs):
    broken = np.array([80.0, np.nan, *curve(0)])
    assert pairs(curve(0, 12), curve(0, 12), np.ones(30), np.ones(30), broken, broken) == []
