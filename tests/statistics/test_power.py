import math

import pytest

from mann_bench.statistics import power
from mann_bench.statistics.power import MOST, log_rank_power, seeds_needed
from mann_bench.statistics.survival import Durations

FAST = Durations.of([200.0, 400.0, 600.0, 800.0, 1000.0], 5000.0)
SLOW = Durations.of([1200.0, 1400.0, 1600.0, None, None], 5000.0)
MIXED = Durations.of([400.0, 600.0, 800.0, 1000.0, 1200.0], 5000.0)


@pytest.mark.parametrize("enough", [1, 2, 17, MOST])
def test_the_least_number_of_seeds_is_found(enough):
    assert seeds_needed(lambda n: float(n >= enough)) == enough


def test_more_seeds_than_are_tried_are_not_known():
    assert seeds_needed(lambda n: float(n > MOST)) is None


def test_nothing_below_the_least_is_tried():
    tried = []
    assert seeds_needed(lambda n: tried.append(n) or 1.0, least=9) == 9
    assert min(tried) == 9


def test_power_rises_with_the_seeds():
    few, some, many = (log_rank_power([(FAST, MIXED)], n, 0.05) for n in (5, 20, 80))
    assert few < some < many


def test_samples_that_do_not_overlap_are_told_apart_as_soon_as_the_test_can():
    # The least p of 3 against 3 is 2/20, of 4 against 4 2/70.
    assert [log_rank_power([(FAST, SLOW)], n, 0.05) for n in (3, 4)] == [0.0, 1.0]


def test_samples_that_are_all_censored_are_never_told_apart():
    censored = Durations.of([None] * 5, 5000.0)
    assert log_rank_power([(censored, censored)], 40, 0.05) == 0.0


def test_two_calls_give_the_same():
    assert log_rank_power([(FAST, MIXED)], 15, 0.05) == log_rank_power([(FAST, MIXED)], 15, 0.05)


def test_alike_samples_are_told_apart_no_more_often_than_the_test_says():
    assert log_rank_power([(FAST, FAST)], 20, 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / power.SAMPLES)


@pytest.mark.parametrize("significance", [0.05, 0.0125])
def test_the_approximation_is_near_the_exact_test(monkeypatch, significance):
    near = log_rank_power([(FAST, MIXED)], 12, significance)
    monkeypatch.setattr(power, "_MOST_EXACT", 12)
    assert near == pytest.approx(log_rank_power([(FAST, MIXED)], 12, significance), abs=0.04)


def test_several_strata_need_fewer_seeds_than_one():
    pair, significance = (FAST, MIXED), 0.0125
    one, three = (log_rank_power([pair] * strata, 12, significance) for strata in (1, 3))
    assert one < three
    assert log_rank_power([pair, pair[::-1]], 12, significance) <= 0.05
