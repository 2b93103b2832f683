import itertools
import math

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time, restricted_mean_survival_time

from mann_bench.statistics.survival import Durations, first_share, kaplan_meier, median, quantile, restricted_mean


@pytest.fixture(scope="module")
def fitted(samples):
    """Pairs of a sample and lifelines' fitter of it."""
    return [(sample, KaplanMeierFitter().fit(sample.times, sample.reached)) for sample in samples]


def test_the_curve_is_that_of_lifelines(fitted):
    for durations, fitter in fitted:
        curve = kaplan_meier(durations)
        seen = fitter.event_table[fitter.event_table.observed > 0]
        assert curve.times.tolist() == seen.index.tolist()
        assert curve.at_risk.tolist() == seen.at_risk.tolist()
        np.testing.assert_allclose(curve.survival, fitter.survival_function_at_times(curve.times), atol=1e-12)


@pytest.mark.parametrize("q", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_quantiles_are_those_of_lifelines(fitted, q):
    for durations, fitter in fitted:
        # Where survival is 1 - q precisely, that of lifelines may come out a few ulps above.
        assert quantile(durations, q) == qth_survival_time(round(1 - q, 12), fitter.survival_function_.round(12))


def test_the_median_is_that_of_lifelines_where_no_survival_is_a_half(fitted):
    for durations, fitter in fitted:
        if not np.isclose(fitter.survival_function_, 0.5).any():
            assert median(durations) == fitter.median_survival_time_


@pytest.mark.parametrize("until", [0.5, 3.0, 5.5, 8.0, 10.0])
def test_the_restricted_mean_is_that_of_lifelines(fitted, until):
    for durations, fitter in fitted:
        assert restricted_mean(durations, until) == pytest.approx(restricted_mean_survival_time(fitter, until))


def test_the_curve_of_treated_patients_is_the_textbooks(treated):
    curve = kaplan_meier(treated)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.survival.round(4).tolist() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]


def test_quantiles_of_treated_patients_are_read_off_their_curve(treated):
    assert [quantile(treated, q) for q in (0.1, 0.25, 0.5, 0.6)] == [6, 13, 23, math.inf]


def test_a_small_curve_as_worked_by_hand():
    curve = kaplan_meier(Durations((1, 2, 2, 3, 5), (True, True, False, True, False), 6))
    # (4/5), (4/5)(3/4), (4/5)(3/4)(1/2): the one censored at 2 is at risk at 2.
    assert curve.times.tolist() == [1, 2, 3]
    assert curve.at_risk.tolist() == [5, 4, 2]
    assert curve.survival.tolist() == pytest.approx([0.8, 0.6, 0.3])


def test_a_small_restricted_mean_as_worked_by_hand():
    durations = Durations((1, 2, 2, 3, 5), (True, True, False, True, False), 6)
    assert restricted_mean(durations) == pytest.approx(1 + 0.8 + 0.6 + 3 * 0.3)
    assert restricted_mean(durations, 2.5) == pytest.approx(1 + 0.8 + 0.5 * 0.6)


def test_survival_of_a_half_counts_as_half_despite_rounding():
    # (2/3)(3/4) is a half.
    assert median(Durations.of([2, 2, 3, 4, 4, 5], 10)) == 3


@pytest.mark.parametrize("n", range(1, 60))
def test_without_censoring_every_quantile_is_an_order_statistic(n):
    durations = Durations.of(list(range(1, n + 1)), 100)
    assert [quantile(durations, k / n) for k in range(1, n)] == list(range(1, n))


def test_without_censoring_the_restricted_mean_is_the_mean():
    assert restricted_mean(Durations.of([1, 4, 4, 7], 10)) == pytest.approx(4)


def test_the_restricted_mean_counts_what_is_censored_at_the_horizon_as_the_horizon():
    assert restricted_mean(Durations.of([None, 4, 4, 7], 10)) == pytest.approx((10 + 4 + 4 + 7) / 4)


def test_where_all_are_censored_nothing_is_reached():
    durations = Durations.of([None, None, None], 10)
    assert kaplan_meier(durations).times.size == 0
    assert (median(durations), restricted_mean(durations)) == (math.inf, 10.0)


def test_one_seed_is_its_own_median():
    assert median(Durations.of([3], 10)) == 3
    assert median(Durations.of([None], 10)) == math.inf


def test_an_event_at_the_horizon_is_reached():
    assert median(Durations.of([10, 10, None], 10)) == 10


def test_an_event_at_once_leaves_no_area():
    assert restricted_mean(Durations.of([0, 0], 10)) == 0


def test_the_order_of_the_seeds_does_not_matter():
    values = [1, 3, 3, None]
    samples = [Durations.of(order, 10) for order in itertools.permutations(values)]
    assert len({(median(sample), restricted_mean(sample), quantile(sample, 0.9)) for sample in samples}) == 1


def test_an_empty_sample_is_refused():
    with pytest.raises(ValueError, match="at least one seed"):
        Durations.of([], 10)


@pytest.mark.parametrize("time", [-1.0, math.nan, math.inf, 10.5])
def test_a_time_outside_the_budget_is_refused(time):
    with pytest.raises(ValueError, match=f"from 0 to the horizon 10, not {time};.* None in Durations.of"):
        Durations.of([1.0, time], 10)


@pytest.mark.parametrize("horizon", [0.0, -1.0, math.nan, math.inf])
def test_a_horizon_that_is_no_budget_is_refused(horizon):
    with pytest.raises(ValueError, match="horizon must be a positive number"):
        Durations.of([None], horizon)


def test_times_and_reached_must_be_equally_long():
    with pytest.raises(ValueError, match="each time needs its reached, not 2 and 1"):
        Durations((1, 2), (True,), 10)


@pytest.mark.parametrize("q", [-0.1, 0.0, 1.0, 50.0, math.nan])
def test_a_quantile_outside_its_range_is_refused(q):
    with pytest.raises(ValueError, match=f"q must lie between 0 and 1, as 0.5 does for the median, not {q}"):
        quantile(Durations.of([1], 10), q)


@pytest.mark.parametrize("until", [0.0, -1.0, 10.5, math.nan])
def test_an_area_beyond_what_is_known_is_refused(until):
    with pytest.raises(ValueError, match=f"until must be above 0 and up to the horizon 10, not {until}"):
        restricted_mean(Durations.of([1], 10), until)


def test_the_curve_of_a_sample_cannot_be_written_to():
    curve = kaplan_meier(Durations.of([1.0, 2.0, None], 3.0))
    for array in curve:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def _first(one, other):
    """Which of two runs is the first, each a time and whether it was reached: 1, 0, or 1/2 where nobody knows."""
    (time, reached), (other_time, other_reached) = one, other
    if reached and (time < other_time or (time == other_time and not other_reached)):
        return 1
    return 0 if other_reached and (other_time < time or (other_time == time and not reached)) else 0.5


def test_the_share_of_firsts_is_that_of_all_pairs(samples):
    for first, second in itertools.pairwise(samples):
        runs = [list(zip(each.times, each.reached, strict=True)) for each in (first, second)]
        shares = [_first(one, other) for one, other in itertools.product(*runs)]
        assert first_share(first, second) == pytest.approx(sum(shares) / len(shares))
        assert first_share(second, first) == pytest.approx(1 - first_share(first, second))


def test_a_run_that_ended_earlier_tells_nothing_of_what_came_later():
    assert first_share(Durations((500,), (False,), 500), Durations((800,), (True,), 1000)) == 0.5
    assert first_share(Durations((400,), (True,), 500), Durations((500,), (False,), 500)) == 1
