import math

import pytest

from mann_bench.analysis.rows import Share
from mann_bench.reporting.tables.table import INTERVALS, estimate_text, share_text
from mann_bench.statistics.bootstrap import median_estimate
from mann_bench.statistics.interval import Estimate, Interval


def estimate(value, low, high):
    return Estimate(value, Interval(low, high, "percentile bootstrap over seeds", 0.95, 3, 10_000, 0))


def estimated(value, low, high, beyond="> 500", **digits):
    return estimate_text(estimate(value, low, high), beyond, **digits)


def test_an_estimate_reads_with_its_interval():
    assert estimated(2_200.0, 1_800.0, 2_600.0) == "2,200 [1,800, 2,600]"


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        ((400.0, 200.0, math.inf), "400 [200, > 500]"),
        ((math.inf, 400.0, math.inf), "> 500 [400, > 500]"),
        ((math.inf, math.inf, math.inf), "> 500"),
    ],
)
def test_what_lies_beyond_the_budget_reads_so(estimate, text):
    assert estimated(*estimate) == text


def test_an_interval_without_width_is_not_shown():
    assert estimated(400.0, 400.0, 400.0) == "400"


def test_one_seed_reads_without_an_interval():
    assert estimate_text(median_estimate([0.125]), "-", digits=2) == "0.12"


def test_only_small_numbers_have_decimals():
    assert estimated(100.25, 99.75, 2_000.5, digits=2) == "100 [99.75, 2,000]"


def test_the_share_of_one_seed_has_no_interval():
    assert share_text(Share.of(1, 1)) == "1/1"


# By the formula: of 4/5 (0.8 + 0.3841 -+ 0.4465) / 1.7683, of 0/5 up to 0.7683 / 1.7683.
@pytest.mark.parametrize(("count", "text"), [(4, "4/5 [38, 96 %]"), (0, "0/5 [0, 43 %]"), (5, "5/5 [57, 100 %]")])
def test_a_share_reads_with_wilsons_interval_in_percent(count, text):
    assert share_text(Share.of(count, 5)) == text


def test_the_note_on_intervals_names_method_level_resamples_and_seed():
    assert INTERVALS == "[ ]: 95 % percentile bootstrap over seeds, 10,000 resamples, seed 0"
