import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.level_measures import level_ratio, median_level, reached
from mann_bench.statistics.medians import median_estimate


@pytest.fixture
def cell(make_record, make_failed_record, make_syllabus):
    """Return a function that makes a cell from the level that each seed reached; of None, a failed run."""

    def run(model, seed, level, steps):
        if level is None:
            return make_failed_record(model, seed=seed, syllabus=make_syllabus({}))
        syllabus = make_syllabus({0: 1, 200: level}, sizes=range(1, 65))
        return make_record(model, seed=seed, syllabus=syllabus, steps=steps)

    def make(*levels, model="ntm", steps=31_250):
        (made,) = cells(run(model, seed, level, steps) for seed, level in enumerate(levels))
        return made

    return make


def test_the_median_level_has_an_exact_interval_over_seeds(cell):
    low, high, interval = median_level(cell(2, 4, 4, 8, 16, 64))
    assert (low, high, interval) == (6, 6, median_estimate([2, 4, 4, 8, 16, 64]).interval)


def test_a_run_that_failed_before_any_level_counts_as_the_worst(cell):
    assert median_level(cell(4, None, None))[:2] == (0, 0)


def test_a_run_that_ended_within_its_budget_could_have_got_further(cell):
    low, high, interval = median_level(cell(8, 16, steps=600))
    assert (low, high, interval.low, interval.high) == (12, 64, 8, 64)


def test_a_run_that_diverged_would_not_have_got_further(make_record, make_syllabus):
    syllabus = make_syllabus({0: 1, 200: 2})
    where = {"outcome": "diverged", "divergence": {"step": 300, "culprit": "loss"}, "steps": 300}
    assert reached(make_record(syllabus=syllabus, **where)) == (2, 2)


def test_at_the_greatest_level_nothing_is_left_to_reach(make_record, make_syllabus):
    assert reached(make_record(syllabus=make_syllabus({0: 1, 200: 4}))) == (4, 4)


def test_a_ratio_of_levels_is_exact(cell):
    low, high, interval = level_ratio([cell(*[7] * 7)], [[cell(*[5] * 7, model="dnc"), cell(*[3] * 7, model="lstm")]])
    assert low == high == interval.low == interval.high == 7 / 5


def test_a_ratio_of_many_levels_without_a_common_measure_has_no_limit(cell):
    high = [2**20 + n for n in range(99)]
    low, _, interval = level_ratio([cell(*high)], [[cell(*(level // 2 for level in high), model="dnc")]])
    assert (low, interval.low, interval.high) == pytest.approx((2, 2, 2), rel=1e-4)


def test_the_interval_of_a_ratio_spans_the_ratios_of_levels(cell):
    model, other = cell(8, 8, 8, 16, 16, 16, 32), cell(2, 2, 4, 4, 4, 4, 8, model="dnc")
    low, high, interval = level_ratio([model], [[other]])
    assert (low, high, interval.low, interval.high) == (4, 4, 1, 16)


def test_against_runs_that_failed_a_ratio_is_a_lower_bound(cell):
    low, high, _ = level_ratio([cell(8, 8)], [[cell(None, None, model="dnc")]])
    assert (low, high) == (1, math.inf)


def test_a_model_whose_runs_failed_has_a_ratio_of_nothing_to_little(cell):
    low, high, interval = level_ratio([cell(None, None)], [[cell(8, 8, model="dnc")]])
    assert (low, high, interval.low, interval.high) == (0, 1, 0, 1)


def test_a_run_that_ended_within_its_budget_widens_a_ratio_on_either_side(cell):
    early, other = cell(8, 8, steps=600), cell(4, 4, model="dnc")
    assert level_ratio([early], [[other]])[:2] == (2, 16)
    assert level_ratio([other], [[early]])[:2] == (4 / 64, 0.5)
