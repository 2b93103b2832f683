import itertools
import math

import numpy as np
import pytest
import scipy.stats

from mann_bench.statistics import bootstrap
from mann_bench.statistics.bootstrap import (
    LEVEL,
    METHOD,
    RESAMPLES,
    SEED,
    Ratio,
    curve_estimates,
    median_estimate,
    median_ratio,
    resamples,
    survival_median,
)
from mann_bench.statistics.interval import Estimate, Interval
from mann_bench.statistics.survival import Durations, median

STEPS = Durations.of([2200, 2400, 3000, None, 2600, 2800, 5000, None, 3100, 2400], 31250)
SLOW = Durations.of([9000, 12000, 12000, None, 20000], 31250)
NEVER = Durations.of([None] * 5, 31250)


def drawn(durations, generator):
    """The resamples of one sample, one after the other, first the sample itself."""
    ordered, n = durations.ordered(), len(durations.times)
    for row in resamples(generator, n):
        seeds = [seed for seed, count in enumerate(row) for _ in range(count)]
        times, reached = zip(*((ordered.times[seed], ordered.reached[seed]) for seed in seeds), strict=True)
        yield Durations(times, reached, durations.horizon)


def plain_medians(durations, generator):
    return [median(sample) for sample in drawn(durations, generator)]


def plain_interval(lows, highs, n):
    """The order statistics just outside the percentiles, of a value a resample."""
    below = math.floor(0.025 * (len(lows) - 1))
    return Interval(sorted(lows)[below], sorted(highs)[-1 - below], METHOD, LEVEL, n, len(lows), SEED)


@pytest.fixture
def few(monkeypatch):
    """Fewer resamples, for what goes through them one by one."""
    monkeypatch.setattr(bootstrap, "RESAMPLES", 200)


def test_the_first_resample_is_the_sample_and_all_have_its_size():
    counts = resamples(np.random.default_rng(0), 7)
    assert counts.shape == (1 + RESAMPLES, 7)
    assert (counts[0] == 1).all()
    assert (counts.sum(axis=1) == 7).all()


def test_seeds_are_drawn_evenly():
    counts = resamples(np.random.default_rng(0), 7)[1:]
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=0.04)
    assert (counts == 0).mean() == pytest.approx((6 / 7) ** 7, abs=0.01)


def test_survival_medians_are_those_of_the_plain_loop():
    first, *others = plain_medians(STEPS, np.random.default_rng(SEED))
    assert survival_median(STEPS) == Estimate(first, plain_interval(others, others, 10))


@pytest.mark.usefixtures("few")
def test_survival_medians_of_any_sample_are_those_of_the_plain_loop(samples):
    for durations in samples[:30]:
        first, *others = plain_medians(durations, np.random.default_rng(SEED))
        n = len(durations.times)
        assert survival_median(durations) == Estimate(first, plain_interval(others, others, n) if n > 1 else None)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("seeds", [2, 9, 60])
def test_medians_of_a_curve_are_those_of_the_plain_loop(seeds):
    table = np.random.default_rng(5).normal(size=(seeds, 3))
    table[0, 1] = math.inf
    counts = resamples(np.random.default_rng(SEED), seeds)
    for column, estimate in zip(np.array(sorted(table.tolist())).T, curve_estimates(table), strict=True):
        first, *others = (float(np.median(np.repeat(column, row))) for row in counts)
        assert estimate == Estimate(first, plain_interval(others, others, seeds))


@pytest.mark.usefixtures("few")
def test_rows_that_begin_alike_are_told_apart_by_what_follows():
    rows = [[float(row > 4), *values] for row, values in enumerate(np.random.default_rng(6).normal(size=(9, 2)))]
    counts = resamples(np.random.default_rng(SEED), 9)[1:]
    medians = [float(np.median(np.repeat([row[2] for row in sorted(rows)], count))) for count in counts]
    assert curve_estimates(rows)[2].interval == plain_interval(medians, medians, 9)


@pytest.mark.usefixtures("few")
def test_a_ratio_is_that_of_the_plain_loop():
    generator = np.random.default_rng(SEED)
    near, far, below = (plain_medians(sample, generator) for sample in (STEPS, SLOW, SLOW))
    highs = [min(a, b) / min(c, 31250) for a, b, c in zip(near, far, below, strict=True)]
    lows = [min(a, b, 31250) / c for a, b, c in zip(near, far, below, strict=True)]
    made = median_ratio([[STEPS, SLOW]], [SLOW])
    assert made == Ratio(lows[0], highs[0], plain_interval(lows[1:], highs[1:], 5))


def test_an_interval_of_medians_is_about_that_of_scipy():
    values = np.random.default_rng(6).normal(size=25)
    expected = scipy.stats.bootstrap(
        (values,), np.median, method="percentile", n_resamples=9999, rng=np.random.default_rng(7)
    ).confidence_interval
    assert median_estimate(values.tolist()).interval[:2] == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("values", "expected"), [([3, 1, 2], 2), ([4, 1, 2, 9], 3), ([1, 2, math.inf, math.inf], math.inf)]
)
def test_the_estimate_is_the_plain_median(values, expected):
    assert median_estimate(values).value == expected


def test_values_without_spread_have_an_interval_without_width():
    assert median_estimate([5.0] * 4).interval == Interval(5, 5, METHOD, LEVEL, 4, RESAMPLES, SEED)


def test_an_interval_reaches_infinity_where_resamples_do():
    low, high = median_estimate([1.0, 2.0, 3.0, math.inf, math.inf]).interval[:2]
    assert (low, high) == (1.0, math.inf)


def test_two_seeds_give_their_least_and_their_greatest():
    # A quarter of the resamples has twice the first, a quarter twice the second.
    assert median_estimate([1, 9]) == Estimate(5, Interval(1, 9, METHOD, LEVEL, 2, RESAMPLES, SEED))


def test_one_seed_has_a_value_but_no_interval():
    assert median_estimate([3]) == Estimate(3, None)
    assert survival_median(Durations.of([3], 10)) == Estimate(3, None)
    assert survival_median(Durations.of([None], 10)) == Estimate(math.inf, None)
    assert median_ratio([[Durations.of([3], 10)]], [STEPS]).interval is None


def test_a_curve_of_one_size_is_a_median():
    assert curve_estimates([[4.0], [1.0], [7.0]]) == [median_estimate([4, 1, 7])]


def test_the_sizes_of_a_curve_share_their_resamples():
    first, second = curve_estimates([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [5.0, 50.0]])
    assert [10 * bound for bound in first.interval[:2]] == list(second.interval[:2])


def test_a_median_beyond_the_horizon_is_infinite():
    assert survival_median(NEVER) == Estimate(math.inf, Interval(math.inf, math.inf, METHOD, LEVEL, 5, RESAMPLES, SEED))


def test_without_censoring_a_ratio_is_exact():
    double = Durations.of([2, 4, 6], 100)
    low, high, interval = median_ratio([[double]], [Durations.of([1, 2, 3], 100)])
    assert (low, high) == (2.0, 2.0)
    assert 0 < interval.low < 2 < interval.high < math.inf


def test_a_censored_numerator_leaves_a_lower_bound():
    low, high, interval = median_ratio([[NEVER]], [STEPS])
    assert (low, high, interval.high) == (31250 / 2800, math.inf, math.inf)
    assert 0 < interval.low < low


def test_a_censored_denominator_leaves_an_upper_bound():
    low, high, interval = median_ratio([[STEPS]], [NEVER])
    assert (low, high, interval.low) == (0.0, 2800 / 31250, 0.0)
    assert high < interval.high < math.inf


def test_where_both_are_censored_nothing_is_known():
    low, high, interval = median_ratio([[NEVER]], [NEVER])
    assert (low, high, interval.low, interval.high) == (0.0, math.inf, 0.0, math.inf)


def test_the_least_numerator_counts():
    assert median_ratio([[NEVER, STEPS, SLOW]], [SLOW])[:2] == (2800 / 12000, 2800 / 12000)


def test_a_numerator_with_a_smaller_budget_may_lie_just_beyond_it():
    low, high, _ = median_ratio([[Durations.of([None], 600), Durations.of([900], 1000)]], [Durations.of([300], 1000)])
    assert (low, high) == (2.0, 3.0)


def test_a_ratio_over_tasks_is_the_mean_of_theirs():
    low, high, interval = median_ratio([[STEPS], [NEVER]], [STEPS, SLOW])
    assert (low, high) == ((1 + 31250 / 12000) / 2, math.inf)
    assert interval.n == 5


def test_two_variants_do_not_share_their_resamples():
    assert median_ratio([[STEPS]], [STEPS]).interval.low < 1 < median_ratio([[STEPS]], [STEPS]).interval.high


@pytest.mark.usefixtures("few")
def test_the_order_of_the_values_does_not_matter():
    values = [*np.random.default_rng(8).normal(size=20).tolist(), math.inf]
    assert median_estimate(values[::-1]) == median_estimate(values[7:] + values[:7]) == median_estimate(values)


@pytest.mark.usefixtures("few")
def test_the_order_of_the_rows_does_not_matter():
    rows = np.random.default_rng(9).normal(size=(20, 3))
    assert curve_estimates(rows[::-1]) == curve_estimates(np.roll(rows, 7, axis=0)) == curve_estimates(rows)


def test_the_order_of_the_seeds_does_not_matter():
    assert len({survival_median(Durations.of(order, 9)) for order in itertools.permutations([3, 5, 3, None])}) == 1


def test_the_order_of_seeds_numerators_and_tasks_does_not_matter():
    back = Durations(STEPS.times[::-1], STEPS.reached[::-1], STEPS.horizon)
    there = median_ratio([[STEPS, SLOW], [NEVER], [SLOW]], [SLOW, STEPS, STEPS])
    assert median_ratio([[SLOW], [SLOW, back], [NEVER]], [STEPS, SLOW, back]) == there


@pytest.mark.parametrize("values", [[], [[]], [1.0, 2.0]])
def test_a_curve_needs_seeds_and_sizes(values):
    with pytest.raises(ValueError, match="at least one seed and one size"):
        curve_estimates(np.array(values))


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="not NaN or -inf; write what is worse than every other as inf"):
        median_estimate([1.0, value])


@pytest.mark.parametrize("samples", [([], []), ([[]], [STEPS]), ([[STEPS]], [STEPS, STEPS])])
def test_a_task_without_its_samples_is_refused(samples):
    with pytest.raises(ValueError, match="at least one task, each with numerators and a denominator"):
        median_ratio(*samples)


def test_a_denominator_of_zero_is_refused():
    with pytest.raises(ValueError, match="denominators whose times all lie above 0"):
        median_ratio([[STEPS]], [Durations.of([0, 5], 10)])


def test_a_zero_is_a_zero_whatever_its_sign():
    assert repr(median_estimate([-0.0] * 3)) == repr(median_estimate([0.0, -0.0, 0.0]))
