import numpy as np
import pytest
from scipy.stats import t

from mann_bench.statistics.mean import mean_interval


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("n", [3, 5, 20, 192])
def test_the_bounds_are_those_of_scipy_within_a_hundredth(n, level):
    low, high = t.interval(level, n - 1, loc=10.0, scale=2.0 / n**0.5)
    assert mean_interval(10.0, 2.0, n, level)[:2] == pytest.approx((low, high), abs=0.01 * (high - low))


def test_the_interval_covers_the_mean_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(7.0, 3.0, size=(2_000, 30))
    found = [mean_interval(float(each.mean()), float(each.std(ddof=1)), 30) for each in samples]
    assert np.mean([each.low <= 7.0 <= each.high for each in found]) == pytest.approx(0.95, abs=0.02)


def test_two_values_have_no_interval():
    assert mean_interval(1.0, 0.5, 2) is None


def test_the_interval_says_how_it_was_made():
    assert mean_interval(133.7, 29.9, 192).words() == "95 % Student's t over sequences, n = 192"
