import itertools
import math

import pytest

from mann_bench.statistics.ratio import _level_of_each, _region, median_ratio
from mann_bench.statistics.survival import Durations


def times(*values):
    return Durations.of(values, horizon=100.0)


TEN, TWENTY = times(*range(6, 16)), times(*range(16, 26))


def test_a_ratio_of_two_medians_as_worked_by_hand():
    # From 1 to 9 of ten times lie below their median, in one sample at most 4 more than in the other. If there are 5 of
    # 16 to 25 and 9 of 6 to 15, the medians are 20 or more and 15 or less; if 5 and 1, 21 or less and 6 or more.
    made = median_ratio([[TWENTY]], [TEN])
    assert made.low == made.high == 20 / 10
    assert made.interval[:2] == (20 / 15, 21 / 6)


def test_the_fastest_of_several_counts():
    assert median_ratio([[TWENTY, TEN]], [TEN]).low == 1.0


def test_tasks_are_averaged():
    assert median_ratio([[TWENTY], [TEN]], [TEN, TEN]).low == pytest.approx(1.5)


def test_a_censored_median_leaves_bounds():
    never = times(*[None] * 10)
    assert median_ratio([[never]], [TEN])[:2] == (10.0, math.inf)
    assert median_ratio([[TEN]], [never])[:2] == (0.0, 0.1)
    assert median_ratio([[never]], [TEN]).interval[:2] == (100 / 15, math.inf)


def test_few_seeds_give_what_level_they_have():
    made = median_ratio([[times(1, 2, 3, 4, 5, 6)]], [times(1, 2, 3, 4, 5, 6)])
    assert made.interval.level == pytest.approx(0.96875**2)
    assert made.interval[:2] == (1 / 6, 6.0)


def test_one_seed_has_no_interval():
    assert median_ratio([[times(1)]], [TEN]).interval is None


@pytest.mark.parametrize("sizes", [(5, 5), (7, 6), (5, 5, 5), (9, 12, 7)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_level_of_a_region_is_that_of_throws_of_coins(sizes, level):
    region, chance = _region(sizes, level), 0.0
    for below, *above in itertools.product(*(range(1, n) for n in sizes)):
        if all(mask[rank - 1, below - 1] for mask, rank in zip(region.alike, above, strict=True)):
            chance += math.prod(math.comb(n, rank) / 2**n for n, rank in zip(sizes, (below, *above), strict=True))
    assert region.level == pytest.approx(chance)


@pytest.mark.parametrize("sizes", [(8, 8), (7, 50), (40, 40), (10, 10, 10), (160, 160)])
def test_enough_seeds_give_the_level_asked_for(sizes):
    assert _region(sizes, 0.95).level >= 0.95


def test_ranks_far_from_each_other_are_left_out():
    (alike,) = _region((40, 40), 0.95).alike
    assert alike[19, 19]
    assert not alike[12, 26]
    assert not alike[26, 12]


@pytest.mark.parametrize("most", [[0.96], [0.94, 0.999], [0.99] * 3, [0.999, 0.5]])
def test_all_tasks_together_keep_the_level_that_they_can(most):
    of_each = _level_of_each(most, 0.95)
    assert math.prod(min(of_each, level) for level in most) >= min(0.95, math.prod(most)) - 1e-12


@pytest.mark.parametrize(("above", "below"), [([], []), ([[]], [TEN]), ([[TEN]], [TEN, TEN])])
def test_every_task_needs_both_sides(above, below):
    with pytest.raises(ValueError, match="a ratio needs at least one task"):
        median_ratio(above, below)


def test_a_time_of_nothing_is_no_denominator():
    with pytest.raises(ValueError, match="all lie above 0"):
        median_ratio([[TEN]], [times(0, 1, 2)])
