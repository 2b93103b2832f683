import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

from mann_bench.statistics.medians import curve_estimates, median_bounds, median_estimate, survival_median
from mann_bench.statistics.survival import Durations


@pytest.mark.parametrize("n", range(1, 60))
def test_bounds_are_the_narrowest_that_reach_the_level(n):
    reaching = [outer for outer in range((n + 1) // 2) if 1 - 2 * binom.cdf(outer, n, 0.5) >= 0.95]
    expected = max(reaching, default=0)
    made = median_bounds(n)
    assert made.outer == expected
    assert made.level == pytest.approx(1 - 2 * binom.cdf(expected, n, 0.5) if n > 1 else 0.0)


@pytest.mark.parametrize("n", range(2, 9))
def test_levels_are_those_of_all_orders(n):
    # Each value is equally likely below or above the median, whatever the distribution.
    outer, level = median_bounds(n)
    sides = list(itertools.product((0, 1), repeat=n))
    covered = sum(outer < sum(side) < n - outer for side in sides)
    assert Fraction(covered, len(sides)) == Fraction(level)


def test_five_seeds_give_the_least_and_the_greatest_with_their_own_level():
    made = median_estimate([5, 3, 9, 4, 7])
    assert made.value == 5
    assert made.interval[:2] == (3, 9)
    assert made.interval.level == 0.9375
    assert made.interval.words() == "93.8 % order statistics over seeds, n = 5"


def test_ten_seeds_leave_out_one_on_each_side():
    made = median_estimate(range(10))
    assert made.value == 4.5
    assert made.interval[:2] == (1, 8)


def test_one_seed_has_no_interval():
    assert median_estimate([3.0]) == (3.0, None)


def test_runs_beyond_the_budget_make_an_interval_without_an_end():
    made = survival_median(Durations.of([10, 20, 30, 40, None, None], 100))
    assert made.value == 30
    assert made.interval[:2] == (10, math.inf)


def test_the_interval_holds_the_median_of_runs_of_which_most_were_not_watched_to_the_end():
    early = Durations((1.0,) * 8 + (2.0, 3.0), (False,) * 8 + (True,) * 2, 100.0)
    value, interval = survival_median(early)
    assert value == 2
    assert interval[:2] == (2, math.inf)


def test_a_median_time_of_an_even_sample_is_the_lower_of_two():
    assert survival_median(Durations.of([10, 20], 100)).value == 10


def test_each_size_of_a_curve_is_for_itself():
    table = np.random.default_rng(0).normal(size=(8, 3))
    assert curve_estimates(table) == [median_estimate(column.tolist()) for column in table.T]


def test_the_order_of_the_seeds_changes_nothing():
    assert median_estimate([3, -0.0, math.inf]) == median_estimate([math.inf, 0.0, 3])


def test_a_sum_too_large_for_a_number_is_no_infinity():
    assert median_estimate([1.7e308, 1.7e308]).value == 1.7e308


@pytest.mark.parametrize("values", [[], [math.nan], [-math.inf]])
def test_what_is_no_number_is_an_error(values):
    with pytest.raises(ValueError, match="median needs"):
        median_estimate(values)


def test_more_is_asked_of_each_where_several_are_to_hold():
    assert median_bounds(10, 0.99).outer == 0
    assert median_bounds(10, 0.95).outer == 1
