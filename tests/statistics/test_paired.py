import itertools
import math

import numpy as np
import pytest
from scipy.stats import permutation_test

from mann_bench.statistics.bootstrap import RESAMPLES, SEED
from mann_bench.statistics.paired import Comparison, paired_permutation_test


def mean_difference(x, y, axis):
    return np.mean(x - y, axis=axis)


def scipy_p_value(first, second):
    found = permutation_test(
        (first, second), mean_difference, permutation_type="samples", vectorized=True, n_resamples=np.inf
    )
    return found.pvalue


@pytest.mark.parametrize("n", range(2, 11))
def test_exact_p_values_are_those_of_scipy(n):
    rng = np.random.default_rng(n)
    for shift in (0.0, 0.5, 2.0):
        first, second = rng.normal(shift, size=n).tolist(), rng.normal(size=n).tolist()
        assert paired_permutation_test(first, second).p_value == pytest.approx(scipy_p_value(first, second), abs=1e-12)


@pytest.mark.parametrize("n", range(2, 11))
def test_exact_p_values_with_ties_and_zeros_are_those_of_scipy(n):
    first, second = np.random.default_rng(n).integers(0, 4, (2, n)).astype(float).tolist()
    assert paired_permutation_test(first, second).p_value == pytest.approx(scipy_p_value(first, second), abs=1e-12)


def test_three_pairs_as_worked_by_hand():
    # Differences 1, 2, -4; of |+-1 +-2 +-4| = 7, 5, 3, 1, each twice, six are at least 1 + 2 - 4.
    made = paired_permutation_test([11, 22, 30], [10, 20, 34])
    assert made == Comparison(pytest.approx(-1 / 3), 1.0, 0.25, 3, "exact sign-flip test", None, None)


def test_one_pair_can_tell_nothing():
    assert paired_permutation_test([1], [5]) == Comparison(-4.0, 1.0, 1.0, 1, "exact sign-flip test", None, None)


def test_five_pairs_that_all_agree_reach_the_least_p_value():
    made = paired_permutation_test([1, 2, 3, 4, 5], [10, 11, 13, 14, 16])
    assert made.p_value == made.least_p_value == 0.0625


def test_equal_sums_count_as_equal_despite_rounding():
    # 0.1 + 0.2 and 0.3 differ in the last place, so that |0.1 + 0.2 - 0.3| is not quite 0.
    assert paired_permutation_test([0.1, 0.2, 0.0], [0.0, 0.0, 0.3]).p_value == 1.0


def test_pairs_without_a_difference_have_a_p_value_of_one():
    assert paired_permutation_test([3, 4], [3, 4])[:2] == (0.0, 1.0)


def test_sixteen_pairs_are_still_exact():
    made = paired_permutation_test([1.0] * 16, [0.0] * 16)
    assert (made.p_value, made.least_p_value, made.resamples) == (2 / 2**16, 2 / 2**16, None)


def test_seventeen_pairs_are_drawn():
    assert paired_permutation_test([1.0] * 17, [0.0] * 17).resamples == RESAMPLES


def test_a_drawn_p_value_is_never_zero():
    made = paired_permutation_test([1.0] * 60, [0.0] * 60)
    least = 1 / (RESAMPLES + 1)
    assert made == Comparison(1.0, least, least, 60, "Monte Carlo sign-flip test", RESAMPLES, SEED)


def test_drawn_p_values_are_near_the_exact_one(monkeypatch):
    first, second = np.random.default_rng(3).normal([[0.6], [0.0]], size=(2, 12)).tolist()
    exact = paired_permutation_test(first, second).p_value
    monkeypatch.setattr("mann_bench.statistics.paired._MOST_EXACT", 0)
    drawn = paired_permutation_test(first, second).p_value
    assert 0.02 < exact < 0.5
    assert drawn != exact
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / RESAMPLES))


@pytest.mark.parametrize("n", [4, 20])
def test_the_order_of_the_pairs_does_not_matter(n):
    rng = np.random.default_rng(n)
    pairs = rng.normal(size=(n, 2))
    orders = [rng.permutation(pairs) for _ in range(5)]
    assert len({paired_permutation_test(*order.T.tolist()) for order in orders}) == 1


@pytest.mark.parametrize("n", [4, 20])
def test_the_other_way_round_only_the_sign_changes(n):
    first, second = np.random.default_rng(n).normal(size=(2, n)).tolist()
    there, back = paired_permutation_test(first, second), paired_permutation_test(second, first)
    assert back == there._replace(difference=-there.difference)


@pytest.mark.parametrize("values", [([], []), ([1.0], [1.0, 2.0])])
def test_values_without_a_partner_are_refused(values):
    with pytest.raises(ValueError, match="a value of both in each pair"):
        paired_permutation_test(*values)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value):
    for values in itertools.permutations([[1.0, value], [1.0, 2.0]]):
        with pytest.raises(ValueError, match="finite values; give a time beyond the budget as the budget"):
            paired_permutation_test(*values)
