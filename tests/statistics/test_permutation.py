import itertools
import math

import numpy as np
import pytest
from scipy.stats import fisher_exact, mannwhitneyu, rankdata

from mann_bench.statistics.permutation import (
    log_rank_scores,
    log_rank_test,
    mid_ranks,
    rank_sum_test,
    share_test,
    stratified_log_rank_test,
)
from mann_bench.statistics.splits import strata_share
from mann_bench.statistics.survival import Durations

NEVER = None


def times(*values):
    return Durations.of(values, horizon=100.0)


def drawn_times(rng, n, shift=0.0):
    """Draw times on a coarse grid, so that some are equal, and some never come."""
    steps = np.ceil(np.exp(rng.normal(shift, 0.8, n)) * 8) * 5
    return times(*(step if step < 100 else NEVER for step in steps.tolist()))


def shares(scores, n):
    """Return, split by split, how far the sum of the first group lies from what it is on average."""
    scores = np.asarray(scores) - np.mean(scores)
    splits = itertools.combinations(range(len(scores)), n)
    return np.array([abs(scores[list(split)].sum()) for split in splits])


def slow_log_rank_scores(first, second):
    """Return the scores by their definition, a run at a time."""
    runs = [*zip(first.times, first.reached, strict=True), *zip(second.times, second.reached, strict=True)]
    scores = []
    for time, reached in runs:
        events = sorted({at for at, seen in runs if seen and at <= time})
        expected = sum(
            sum(seen and other == at for other, seen in runs) / sum(other >= at for other, _ in runs) for at in events
        )
        scores.append(expected - reached)
    return scores


@pytest.mark.parametrize("n", [(1, 1), (2, 3), (3, 3), (5, 4), (6, 6), (7, 2)])
def test_log_rank_p_values_are_those_of_all_splits(n):
    rng = np.random.default_rng(sum(n))
    for shift in (0.0, 1.0, 2.0):
        first, second = drawn_times(rng, n[0]), drawn_times(rng, n[1], shift)
        all_splits = shares(slow_log_rank_scores(first, second), n[0])
        made = log_rank_test(first, second)
        assert made.p_value == pytest.approx((all_splits >= all_splits[0] - 1e-7).mean(), abs=1e-12)
        assert made.least_p_value == pytest.approx((all_splits >= all_splits.max() - 1e-7).mean(), abs=1e-12)


def sums_of_splits(strata, sizes):
    """Return the sum of the chosen scores over all strata, less its average, of each way to split them all."""
    centred = [np.asarray(scores) - np.mean(scores) for scores in strata]
    ways = [itertools.combinations(range(len(each)), n) for each, n in zip(centred, sizes, strict=True)]
    splits = itertools.product(*ways)
    return np.array([sum(each[list(w)].sum() for each, w in zip(centred, split, strict=True)) for split in splits])


@pytest.mark.parametrize("sizes", [[(3, 3)], [(2, 3), (4, 2)], [(3, 3), (2, 2), (1, 4)]])
def test_the_share_of_several_strata_is_that_of_all_splits_of_each(sizes):
    rng = np.random.default_rng(len(sizes))
    for _ in range(5):
        strata = [rng.integers(0, 6, sum(n)) for n in sizes]
        sums = sums_of_splits(strata, [first for first, _ in sizes])
        made = strata_share(strata, [first for first, _ in sizes])
        assert made.share == pytest.approx((abs(sums) >= abs(sums[0]) - 1e-9).mean(), abs=1e-12)
        assert made.least == pytest.approx((abs(sums) >= abs(sums).max() - 1e-9).mean(), abs=1e-12)
        assert np.sign(made.lead) == np.sign(np.round(sums[0], 9))


@pytest.mark.parametrize("shift", [0.0, 0.7, 1.5])
def test_a_stratified_test_is_that_of_all_splits_of_its_strata(shift):
    rng = np.random.default_rng(3)
    strata = [(drawn_times(rng, 4), drawn_times(rng, n, shift)) for n in (4, 5, 3)]
    sums = sums_of_splits([slow_log_rank_scores(*pair) for pair in strata], [4, 4, 4])
    made = stratified_log_rank_test(strata)
    # Scores are rounded so that they can be counted.
    assert made.p_value == pytest.approx((abs(sums) >= abs(sums[0]) - 1e-7).mean(), rel=0.02)
    assert made.n == (12, 12)
    assert (made.lead < 0) == (sums[0] < 0)


def test_one_stratum_is_the_test_of_it():
    pair = times(10, 20, NEVER), times(15, NEVER, NEVER)
    assert stratified_log_rank_test([pair]) == log_rank_test(*pair)


def test_strata_that_speak_alike_tell_more_than_each_alone():
    pair = times(10, 20, 30, 40, 50), times(60, 70, NEVER, NEVER, NEVER)
    alone, together = log_rank_test(*pair), stratified_log_rank_test([pair, pair])
    assert alone.p_value == pytest.approx(2 / 252)
    assert together.p_value == together.least_p_value == pytest.approx(2 / 252**2)
    assert together.lead < 0


def test_strata_that_contradict_each_other_tell_nothing():
    first, second = times(10, 20, 30, 40, 50), times(60, 70, NEVER, NEVER, NEVER)
    made = stratified_log_rank_test([(first, second), (second, first)])
    assert (made.lead, made.p_value) == (0, 1.0)


def test_twenty_seeds_of_three_tasks_can_be_counted():
    rng = np.random.default_rng(0)
    strata = [(drawn_times(rng, 20), drawn_times(rng, 20, 0.5)) for _ in range(3)]
    made = stratified_log_rank_test(strata)
    assert 0 < made.least_p_value < 1e-20 < made.p_value < 1


def test_a_stratified_test_needs_strata():
    with pytest.raises(ValueError, match="at least one stratum"):
        stratified_log_rank_test([])


def test_log_rank_scores_are_those_of_the_definition():
    first, second = times(10, 20, 20, NEVER), times(5, 20, NEVER, NEVER)
    made = log_rank_scores(np.array([*first.times, *second.times]), np.array([*first.reached, *second.reached]))
    assert made.tolist() == pytest.approx(slow_log_rank_scores(first, second))


@pytest.mark.parametrize("n", [(1, 2), (3, 3), (4, 6), (6, 6)])
def test_rank_sum_p_values_are_those_of_all_splits(n):
    rng = np.random.default_rng(sum(n))
    for spread in (3, 100):
        first, second = rng.integers(0, spread, n[0]).tolist(), [*rng.integers(0, spread, n[1] - 1).tolist(), math.inf]
        all_splits = shares(rankdata([*first, *second]), n[0])
        made = rank_sum_test(first, second)
        assert made.p_value == pytest.approx((all_splits >= all_splits[0] - 1e-9).mean(), abs=1e-12)
        assert made.least_p_value == pytest.approx((all_splits >= all_splits.max() - 1e-9).mean(), abs=1e-12)


def test_equal_values_share_the_mean_of_their_ranks():
    assert mid_ranks(np.array([3.0, 1.0, 3.0, math.inf, 2.0])).tolist() == [3.5, 1.0, 3.5, 5.0, 2.0]


@pytest.mark.parametrize(("n", "least"), [(3, 0.1), (4, 2 / 70), (5, 2 / 252), (10, 2 / 184_756)])
def test_samples_that_lie_apart_have_the_least_p_value(n, least):
    made = log_rank_test(times(*range(1, n + 1)), times(*range(51, 51 + n)))
    assert made.p_value == made.least_p_value == pytest.approx(least)


def test_runs_that_all_end_alike_can_tell_nothing():
    for value in (7.0, NEVER):
        made = log_rank_test(times(*[value] * 5), times(*[value] * 5))
        assert (made.lead, made.p_value, made.least_p_value) == (0.0, 1.0, 1.0)


def test_all_solved_against_none_is_told_apart_with_five_seeds():
    made = log_rank_test(times(10, 20, 30, 40, 50), times(*[NEVER] * 5))
    assert made.lead < 0
    assert made.p_value == pytest.approx(2 / 252)


def test_the_order_of_the_samples_turns_the_lead_alone():
    rng = np.random.default_rng(1)
    first, second = drawn_times(rng, 6), drawn_times(rng, 6, 1.0)
    one, other = log_rank_test(first, second), log_rank_test(second, first)
    assert (one.lead, one.p_value) == (-other.lead, other.p_value)


def test_the_order_of_the_seeds_changes_nothing():
    first, second = [10, 30, NEVER, 30], [20, NEVER, 50, 90]
    assert log_rank_test(times(*first), times(*second)) == log_rank_test(times(*first[::-1]), times(*second[::-1]))


def test_no_splits_are_drawn_and_the_scores_of_many_runs_are_rounded():
    rng = np.random.default_rng(2)
    made = log_rank_test(drawn_times(rng, 14), drawn_times(rng, 14))
    assert made.method == "exact log-rank permutation test"
    made = log_rank_test(drawn_times(rng, 15), drawn_times(rng, 14))
    assert made.method == "exact log-rank permutation test, scores rounded"
    made = rank_sum_test(rng.random(40).tolist(), rng.random(40).tolist())
    assert made.method == "exact rank-sum permutation test"


@pytest.fixture
def count_all(monkeypatch):
    """Count every possible sum, also where the sums of all choices could be listed."""
    monkeypatch.setattr("mann_bench.statistics.splits._MOST_LISTED", 0)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_rounded_scores_give_the_p_value_of_the_others_within_a_few_percent(request, shift):
    rng = np.random.default_rng(3)
    pairs = [(drawn_times(rng, 10), drawn_times(rng, 12, shift)) for _ in range(20)]
    exact = [log_rank_test(*pair).p_value for pair in pairs]
    request.getfixturevalue("count_all")
    assert [log_rank_test(*pair).p_value for pair in pairs] == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("n", [(1, 9), (7, 4), (8, 8)])
def test_counted_rank_sums_are_those_of_all_splits(count_all, n):
    rng = np.random.default_rng(sum(n))
    first, second = rng.integers(0, 9, n[0]).tolist(), rng.integers(2, 12, n[1]).tolist()
    all_splits = shares(rankdata([*first, *second]), n[0])
    made = rank_sum_test(first, second)
    assert made.p_value == pytest.approx((all_splits >= all_splits[0] - 1e-9).mean(), rel=1e-12)
    assert made.least_p_value == pytest.approx((all_splits >= all_splits.max() - 1e-9).mean(), rel=1e-12)


@pytest.mark.parametrize("n", [(20, 20), (30, 12), (45, 45)])
def test_p_values_of_many_ranks_are_scipys(n):
    rng = np.random.default_rng(sum(n))
    first, second = rng.normal(0.0, 1.0, n[0]), rng.normal(1.2, 1.0, n[1])
    expected = mannwhitneyu(first, second, method="exact").pvalue
    assert rank_sum_test(first.tolist(), second.tolist()).p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [20, 80, 300])
def test_the_least_p_value_knows_no_floor(n):
    made = log_rank_test(times(*[1] * n), times(*[NEVER] * n))
    assert (made.p_value, made.least_p_value) == pytest.approx([2 / math.comb(2 * n, n)] * 2, rel=1e-9, abs=0.0)


def test_few_splits_are_counted_however_many_runs_there_are():
    made = log_rank_test(times(99), times(*range(2, 62)))
    assert made.p_value == pytest.approx(1 / 61)
    made = log_rank_test(times(*range(2, 62)), times(98, 99))
    assert made.p_value == pytest.approx(1 / math.comb(62, 2))


def test_a_rounded_p_value_does_not_depend_on_which_sample_is_first():
    rng = np.random.default_rng(4)
    first, second = drawn_times(rng, 15), drawn_times(rng, 31, 0.5)
    one, other = log_rank_test(first, second), log_rank_test(second, first)
    assert (one.p_value, one.least_p_value) == (other.p_value, other.least_p_value)


def test_no_p_value_is_below_the_least():
    for early in range(1, 9):
        made = log_rank_test(times(*[1] * early, *[NEVER] * (30 - early)), times(*[NEVER] * 30))
        assert made.p_value >= made.least_p_value


@pytest.mark.parametrize(("first", "second"), [((5, 5), (0, 5)), ((3, 10), (9, 12)), ((40, 50), (21, 50))])
def test_tests_of_shares_are_rank_sums_of_zeros_and_ones(first, second):
    samples = ([0] * successes + [1] * (n - successes) for successes, n in (first, second))
    made, ranks = share_test(first, second), rank_sum_test(*samples)
    assert (made.p_value, made.least_p_value) == pytest.approx((ranks.p_value, ranks.least_p_value))
    assert (made.lead < 0) == (first[0] / first[1] > second[0] / second[1])


@pytest.mark.parametrize("n", [5, 20, 60])
def test_tests_of_shares_are_fishers_where_samples_are_equally_large(n):
    for one, other in itertools.product((0, n // 3, n - 1), (n // 2, n)):
        expected = fisher_exact([[one, n - one], [other, n - other]]).pvalue
        assert share_test((one, n), (other, n)).p_value == pytest.approx(expected)


@pytest.mark.parametrize("share", [(0, 0), (-1, 3), (4, 3)])
def test_shares_are_of_runs(share):
    with pytest.raises(ValueError, match=f"not {share[0]} of {share[1]}"):
        share_test((1, 3), share)


def test_rank_sums_of_thousands_are_right():
    made = rank_sum_test([0.0], list(range(1, 6_000)))
    assert made.lead < 0
    assert made.p_value == made.least_p_value == pytest.approx(2 / 6_000)


def test_words_say_what_it_takes_to_repeat_it():
    made = log_rank_test(times(1, 2, 3), times(4, 5, NEVER))
    assert made.words() == "exact log-rank permutation test, n = 3 and 3, least p 0.1"


@pytest.mark.parametrize("samples", [([], [1.0]), ([1.0], []), ([math.nan], [1.0])])
def test_rank_sums_need_numbers(samples):
    with pytest.raises(ValueError, match="needs a number in each sample"):
        rank_sum_test(*samples)
