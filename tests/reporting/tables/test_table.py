import math

import pytest

from mann_bench.analysis.rows import Share
from mann_bench.reporting.tables.table import INTERVALS, SHARES, estimate_text, share_text
from mann_bench.statistics.interval import Estimate, Interval
from mann_bench.statistics.medians import METHOD, median_estimate


def estimate(value, low, high, level=0.96875):
    return Estimate(value, Interval(low, high, METHOD, level, 6))


def estimated(value, low, high, beyond="> 500", level=0.96875, **digits):
    return estimate_text(estimate(value, low, high, level), beyond, **digits)


def test_an_estimate_reads_with_its_interval():
    assert estimated(2_200.0, 1_800.0, 2_600.0) == "2,200 [1,800, 2,600]"


def test_an_interval_of_less_than_95_percent_says_its_level():
    assert estimated(2_200.0, 1_800.0, 2_600.0, level=0.75) == "2,200 [1,800, 2,600; 75 %]"
    assert estimated(2_200.0, 1_800.0, 2_600.0, level=0.9497) == "2,200 [1,800, 2,600; 94.9 %]"


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


# Of 0/5 up to 1 - 0.025 ** (1 / 5).
@pytest.mark.parametrize(("count", "text"), [(4, "4/5 [28, 99 %]"), (0, "0/5 [0, 52 %]"), (5, "5/5 [48, 100 %]")])
def test_a_share_reads_with_its_exact_interval_in_percent(count, text):
    assert share_text(Share.of(count, 5)) == text


def test_the_notes_on_intervals_name_method_and_level():
    assert (
        INTERVALS
        == "[ ]: order statistics over seeds, 95 % or more; where that needs more seeds, the level that it has"
    )
    assert SHARES == "[ %]: Clopper-Pearson interval of k/n, 95 % or more"
