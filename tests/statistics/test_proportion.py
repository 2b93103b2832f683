import pytest
from scipy.stats import binomtest

from mann_bench.statistics.interval import Interval
from mann_bench.statistics.proportion import wilson


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("n", [1, 2, 5, 10, 97])
def test_the_bounds_are_those_of_scipy(n, level):
    for successes in range(n + 1):
        expected = binomtest(successes, n).proportion_ci(level, method="wilson")
        assert wilson(successes, n, level)[:2] == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_seven_of_ten_as_worked_by_hand():
    # z = 1.959964: (0.7 + z^2/20 -+ z sqrt(0.021 + z^2/400)) / (1 + z^2/10)
    assert wilson(7, 10)[:2] == pytest.approx((0.396778, 0.892209), abs=1e-6)


@pytest.mark.parametrize("n", range(1, 60))
def test_all_and_none_reach_the_end_and_keep_a_width(n):
    none, every = wilson(0, n), wilson(n, n)
    assert (none.low, every.high) == (0.0, 1.0)
    assert none.high == pytest.approx(1 - every.low)
    assert none.high > 3 / (n + 3)


def test_the_interval_says_how_it_was_made():
    low, high, *rest = wilson(7, 10, 0.9)
    assert Interval(low, high, *rest) == Interval(low, high, "Wilson score", 0.9, 10, None, None)


def test_a_level_next_to_one_is_no_error():
    assert 0 < wilson(7, 10, 1 - 2**-53).low < 0.1


@pytest.mark.parametrize("successes", [-1, 11])
def test_successes_outside_the_sample_are_refused(successes):
    with pytest.raises(ValueError, match=f"from 0 to 10, the number of seeds, not {successes}"):
        wilson(successes, 10)


def test_a_proportion_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one seed, not 0"):
        wilson(0, 0)


@pytest.mark.parametrize("level", [-0.1, 0.0, 1.0, 95.0, float("nan")])
def test_a_level_outside_its_range_is_refused(level):
    with pytest.raises(ValueError, match=f"level must lie between 0 and 1, as 0.95 does, not {level}"):
        wilson(7, 10, level)
