import numpy as np
import pytest
from scipy.stats import binomtest

from mann_bench.statistics.proportion import clopper_pearson


@pytest.mark.parametrize("n", [1, 2, 5, 10, 40])
@pytest.mark.parametrize("level", [0.95, 0.9875])
def test_it_is_scipys(n, level):
    for successes in range(n + 1):
        made = clopper_pearson(successes, n, level)
        assert made[:2] == pytest.approx(tuple(binomtest(successes, n).proportion_ci(level, "exact")), abs=2e-9)


def test_it_is_scipys_with_thousands_of_seeds():
    made = clopper_pearson(600, 1_200)
    assert made[:2] == pytest.approx(tuple(binomtest(600, 1_200).proportion_ci(0.95, "exact")), abs=2e-9)


def test_no_successes_in_302_runs_bound_the_rate_at_just_above_one_percent():
    assert clopper_pearson(0, 302).high == pytest.approx(0.01214, abs=1e-5)


def test_it_says_how_it_was_made():
    assert clopper_pearson(3, 10).words() == "95 % Clopper-Pearson, n = 10"


@pytest.mark.parametrize(("successes", "n", "level"), [(0, 0, 0.95), (-1, 3, 0.95), (4, 3, 0.95), (1, 3, 1.0)])
def test_what_is_out_of_range_is_an_error(successes, n, level):
    with pytest.raises(ValueError, match=r"must|needs"):
        clopper_pearson(successes, n, level)


@pytest.mark.parametrize("rates", [[0.0, 0.02], [0.001, 0.03, 0.5], [0.3, 0.6, 0.9], [0.97, 1.0]])
def test_the_interval_covers_the_mean_of_unequal_rates(rates):
    """Of ten runs at each rate: the probability of the counts whose intervals miss the mean."""
    counts = np.ones(1)
    for rate in np.repeat(rates, 10):
        counts = np.convolve(counts, [1 - rate, rate])
    n, mean = len(counts) - 1, sum(rates) / len(rates)
    intervals = [clopper_pearson(k, n) for k in range(n + 1)]
    missed = sum(p for p, each in zip(counts, intervals, strict=True) if not each.low <= mean <= each.high)
    assert missed <= 0.05
