import math

import pytest

from mann_bench.analysis.rows import estimate_row, finite, share_row
from mann_bench.statistics.bootstrap import median_estimate
from mann_bench.statistics.interval import Estimate, Interval
from mann_bench.statistics.proportion import wilson

WORDS = "95 % percentile bootstrap over seeds, n = 3, 10,000 resamples, seed 0"


def estimate(value, low, high):
    return Estimate(value, Interval(low, high, "percentile bootstrap over seeds", 0.95, 3, 10_000, 0))


def test_an_estimate_as_data_has_its_bounds_and_how_they_were_made():
    assert estimate_row("steps", estimate(2.0, 1.0, 3.0)) == {
        "steps_median": 2.0,
        "steps_low": 1.0,
        "steps_high": 3.0,
        "steps_interval": WORDS,
    }


def test_what_lies_beyond_every_budget_is_none_as_data():
    row = estimate_row("steps", estimate(math.inf, 400.0, math.inf))
    assert (row["steps_low"], row["steps_median"], row["steps_high"]) == (400.0, None, None)


def test_one_seed_has_a_value_alone_as_data():
    wanted = {"steps_median": 3.0, "steps_low": None, "steps_high": None, "steps_interval": None}
    assert estimate_row("steps", median_estimate([3.0])) == wanted


@pytest.mark.parametrize(("value", "number"), [(0.0, 0.0), (-2.5, -2.5), (math.inf, None), (-math.inf, None)])
def test_only_finite_numbers_are_data(value, number):
    assert finite(value) == number


def test_a_share_as_data_has_wilsons_interval():
    low, high = wilson(4, 5)[:2]
    assert share_row("solved", 4, 5) == {
        "solved": 4,
        "solved_low": low,
        "solved_high": high,
        "solved_interval": "95 % Wilson score, n = 5",
    }
