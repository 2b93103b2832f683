"""What lifelines, scikit-survival and scipy say of the same samples; where they differ, a test says why."""

import math

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from lifelines.utils import median_survival_times
from scipy.stats import mannwhitneyu

from mann_bench.statistics.medians import survival_median
from mann_bench.statistics.permutation import log_rank_scores, log_rank_test, rank_sum_test
from mann_bench.statistics.survival import Durations, kaplan_meier

pytestmark = pytest.mark.filterwarnings("ignore:.*will be keyword-only")  # lifelines' own way to call pandas


def drawn(seed, n, slower=1.0, budget=12_000.0):
    """Draw lognormal times, censored at the budget."""
    rng = np.random.default_rng(seed)
    times = slower * 6_000 * np.exp(0.6 * rng.standard_normal(n))
    return Durations.of([time if time <= budget else None for time in times.tolist()], budget)


def statistic(first, second):
    """Return the square of the log-rank statistic: the sum of scores of one sample over its hypergeometric variance."""
    times, reached = np.array([*first.times, *second.times]), np.array([*first.reached, *second.reached])
    ours, variance = np.arange(len(times)) < len(first.times), 0.0
    for at in np.unique(times[reached]):
        risk, events = (times >= at).sum(), (reached & (times == at)).sum()
        share = (times[ours] >= at).sum() / risk
        variance += events * share * (1 - share) * (risk - events) / max(risk - 1, 1)
    return log_rank_scores(times, reached)[ours].sum() ** 2 / variance


@pytest.mark.parametrize("seed", range(5))
def test_the_log_rank_statistic_is_that_of_lifelines(seed):
    first, second = drawn(seed, 8), drawn(seed + 50, 11, 1.6)
    theirs = logrank_test(first.times, second.times, first.reached, second.reached)
    assert statistic(first, second) == pytest.approx(theirs.test_statistic)


@pytest.mark.parametrize("seed", range(5))
def test_with_many_seeds_the_p_value_is_that_of_lifelines_within_a_hundredth(seed):
    first, second = drawn(seed, 60), drawn(seed + 50, 60, 1.2)
    theirs = logrank_test(first.times, second.times, first.reached, second.reached)
    assert log_rank_test(first, second).p_value == pytest.approx(theirs.p_value, abs=0.01)


def test_with_five_seeds_lifelines_takes_a_limit_for_the_law_and_its_p_value_is_less_than_any_split_has():
    first, second = Durations.of([1, 2, 3, 4, 5], 10), Durations.of([6, 7, 8, 9, 10], 10)
    theirs = logrank_test(first.times, second.times, first.reached, second.reached)
    # Of 252 splits the clearest two: no test of what was seen can say more. The chi-squared limit needs many seeds.
    assert theirs.p_value < 2 / 252 == pytest.approx(log_rank_test(first, second).p_value)


def test_the_interval_of_the_median_differs_from_that_of_lifelines_whose_level_is_a_limit_too():
    ours, theirs = 0, 0
    for seed in range(400):
        sample = drawn(seed, 7)
        fitter = KaplanMeierFitter().fit(sample.times, sample.reached)
        low, high = median_survival_times(fitter.confidence_interval_).to_numpy()[0]
        interval = survival_median(sample).interval
        ours += interval.low <= 6_000 <= interval.high
        theirs += low <= 6_000 <= high
    # Greenwood's variance and the normal law cover seven seeds too seldom; order statistics say 98.4 % and keep it.
    assert interval.level == pytest.approx(1 - 2 / 2**7)
    assert ours / 400 > interval.level - 3 * math.sqrt(interval.level * (1 - interval.level) / 400)
    assert theirs < ours


@pytest.mark.parametrize("seed", range(3))
def test_rank_sums_are_scipys_where_values_tie_up_to_its_limit(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 12, 40).tolist(), rng.integers(1, 14, 40).tolist()
    theirs = mannwhitneyu(first, second, method="asymptotic").pvalue
    # scipy counts exactly without ties alone; with ties it takes the normal law, right within a few thousandths here.
    assert rank_sum_test(first, second).p_value == pytest.approx(theirs, abs=0.005)


@pytest.mark.parametrize("seed", range(5))
def test_the_curve_is_that_of_scikit_survival(seed):
    sksurv = pytest.importorskip("sksurv.nonparametric", reason="scikit-survival is not installed: it is no dependency")
    sample = drawn(seed, 12)
    times, survival = sksurv.kaplan_meier_estimator(np.array(sample.reached), np.array(sample.times))
    curve = kaplan_meier(sample)
    assert survival[np.isin(times, curve.times)].tolist() == pytest.approx(curve.survival.tolist())


@pytest.mark.parametrize("seed", range(5))
def test_the_log_rank_statistic_is_that_of_scikit_survival(seed):
    compare = pytest.importorskip("sksurv.compare", reason="scikit-survival is not installed: it is no dependency")
    first, second = drawn(seed, 8), drawn(seed + 50, 11, 1.6)
    pairs = [*zip(first.reached, first.times, strict=True), *zip(second.reached, second.times, strict=True)]
    runs = np.array(pairs, dtype=[("reached", bool), ("time", float)])
    chi_squared, _ = compare.compare_survival(runs, np.repeat([0, 1], [8, 11]))
    assert statistic(first, second) == pytest.approx(chi_squared)
