import itertools

import pytest

from mann_bench.statistics.summary import Spread, censored_spread


def test_an_odd_sample_has_its_middle_value_as_median():
    assert censored_spread([300.0, 100.0, 200.0]) == Spread(100.0, 200.0, 300.0)


def test_an_even_sample_has_the_mean_of_its_two_middle_values_as_median():
    assert censored_spread([100, 400, 200, 800]) == Spread(100, 300.0, 800)


def test_one_value_is_all_three():
    assert censored_spread([7.0]) == Spread(7.0, 7.0, 7.0)


def test_equal_values_are_all_three():
    assert censored_spread([5, 5, 5, 5]) == Spread(5, 5, 5)


def test_a_censored_run_counts_as_the_greatest():
    assert censored_spread([None, 100, 200]) == Spread(100, 200, None)


def test_a_median_below_the_censored_runs_is_exact():
    assert censored_spread([100, None, 300, None, 200]) == Spread(100, 300, None)


def test_a_median_that_falls_on_a_censored_run_is_unknown():
    assert censored_spread([100, None, None]) == Spread(100, None, None)


def test_an_even_sample_with_one_middle_value_censored_has_no_median():
    assert censored_spread([100, 200, None, None]) == Spread(100, None, None)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_with_all_runs_censored_nothing_is_known(count):
    assert censored_spread([None] * count) == Spread(None, None, None)


def test_zero_is_a_value():
    assert censored_spread([0.0, 0.0, 1.0]) == Spread(0.0, 0.0, 1.0)


@pytest.mark.parametrize("values", [[1, 2, 3], [4.0, None, 1.0, 2.0], [None, None, 3]])
def test_the_order_of_the_values_does_not_matter(values):
    assert len({censored_spread(order) for order in itertools.permutations(values)}) == 1


def test_the_values_are_left_as_they_were():
    values = [3, None, 1]
    censored_spread(values)
    assert values == [3, None, 1]


def test_infinity_counts_as_censored():
    assert censored_spread([1.0, float("inf"), 2.0]) == Spread(1.0, 2.0, None)


def test_the_place_of_a_nan_does_not_matter():
    values = [1.0, float("nan"), 0.5]
    assert {censored_spread(order) for order in itertools.permutations(values)} == {Spread(0.5, 1.0, None)}


def test_nothing_has_no_median():
    with pytest.raises(ValueError, match="a median needs at least one value"):
        censored_spread([])
