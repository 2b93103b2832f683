import math

import pytest

from mann_bench.statistics.ratio import _level_of_each, median_ratio
from mann_bench.statistics.survival import Durations


def times(*values):
    return Durations.of(values, horizon=100.0)


TEN, TWENTY = times(*range(6, 16)), times(*range(16, 26))


def test_a_ratio_of_two_medians_as_worked_by_hand():
    # Of ten seeds the second and the ninth bound the median; both together hold with 0.9785^2.
    made = median_ratio([[TWENTY]], [TEN])
    assert made.low == made.high == 20 / 10
    assert made.interval[:2] == (17 / 14, 24 / 7)
    assert made.interval.level == pytest.approx(0.978515625**2)


def test_the_fastest_of_several_counts():
    assert median_ratio([[TWENTY, TEN]], [TEN]).low == 1.0


def test_tasks_are_averaged():
    assert median_ratio([[TWENTY], [TEN]], [TEN, TEN]).low == pytest.approx(1.5)


def test_a_censored_median_leaves_bounds():
    never = times(*[None] * 10)
    assert median_ratio([[never]], [TEN])[:2] == (10.0, math.inf)
    assert median_ratio([[TEN]], [never])[:2] == (0.0, 0.1)
    assert median_ratio([[never]], [TEN]).interval[:2] == (100 / 14, math.inf)


def test_few_seeds_give_what_level_they_have():
    made = median_ratio([[times(1, 2, 3, 4, 5, 6)]], [times(1, 2, 3, 4, 5, 6)])
    assert made.interval.level == pytest.approx(0.96875**2)
    assert made.interval[:2] == (1 / 6, 6.0)


def test_one_seed_has_no_interval():
    assert median_ratio([[times(1)]], [TEN]).interval is None


@pytest.mark.parametrize("sizes", [[7, 7], [6, 50], [10] * 6, [8, 9, 40]])
def test_all_medians_together_keep_the_level(sizes):
    from mann_bench.statistics.medians import median_bounds

    of_each = _level_of_each(sizes, 0.95)
    assert math.prod(median_bounds(n, of_each).level for n in sizes) >= 0.95


@pytest.mark.parametrize(("above", "below"), [([], []), ([[]], [TEN]), ([[TEN]], [TEN, TEN])])
def test_every_task_needs_both_sides(above, below):
    with pytest.raises(ValueError, match="a ratio needs at least one task"):
        median_ratio(above, below)


def test_a_time_of_nothing_is_no_denominator():
    with pytest.raises(ValueError, match="all lie above 0"):
        median_ratio([[TEN]], [times(0, 1, 2)])
