import itertools

import numpy as np
import pytest

from mann_bench.statistics.permutation import Comparison, rank_sum_test
from mann_bench.statistics.ranks import Rank, decided_pairs, holm, pairs_within_reach, ranks_of, seeds_to_decide

SEEDS = 20


def of_pairs(p_values):
    """Return the test of each pair; where p is below 0 the second of the pair leads."""

    def test(*pair):
        p = p_values[pair]
        return Comparison(-1 if p >= 0 else 1, abs(p), 0.0, (SEEDS, SEEDS), "a test")

    return test


def ranks(sizes, test):
    return ranks_of(len(sizes), decided_pairs(sizes, test))


def test_holm_rejects_from_the_least_p_value_up():
    # 0.01 * 4 and 0.013 * 3 are at most 0.05, 0.03 * 2 is not, and then 0.04 is not either.
    assert holm([0.03, 0.01, 0.04, 0.013]) == [False, True, False, True]


def test_holm_stops_at_the_first_that_it_keeps():
    assert holm([0.2, 0.04]) == [False, False]


def test_nothing_is_decided_without_pairs():
    assert holm([]) == []
    assert ranks([SEEDS], of_pairs({})) == [Rank(1, 1)]


def test_a_rank_is_what_the_decided_pairs_leave():
    # 0 is better than 2; nothing else is known.
    made = ranks([SEEDS] * 3, of_pairs({(0, 1): 0.5, (0, 2): 0.001, (1, 2): 0.5}))
    assert made == [Rank(1, 2), Rank(1, 3), Rank(2, 3)]


def test_the_lead_says_who_is_better():
    assert ranks([SEEDS] * 2, of_pairs({(0, 1): -0.001})) == [Rank(2, 2), Rank(1, 1)]


def test_all_pairs_decided_are_a_ranking_without_ties():
    made = ranks([SEEDS] * 4, of_pairs(dict.fromkeys(itertools.combinations(range(4), 2), 1e-6)))
    assert [rank.words() for rank in made] == ["1", "2", "3", "4"]


def test_a_rank_that_is_not_known_reads_as_a_range():
    assert Rank(1, 3).words() == "1-3"


def test_without_correction_each_pair_has_the_level_alone():
    p_values = of_pairs({(0, 1): 0.04, (0, 2): 0.05, (1, 2): 0.06})
    assert len(decided_pairs([SEEDS] * 3, p_values)) == 0
    assert len(decided_pairs([SEEDS] * 3, p_values, corrected=False)) == 2


def test_what_too_few_runs_can_never_tell_apart_is_not_tested():
    asked = []

    def test(*pair):
        asked.append(pair)
        return Comparison(-1, 1e-6, 0.0, (SEEDS, SEEDS), "a test")

    # A single run against 20 has 21 splits: too few to be told apart beside others.
    assert ranks([SEEDS, SEEDS, 1], test) == [Rank(1, 2), Rank(2, 3), Rank(1, 3)]
    assert asked == [(0, 1)]


@pytest.mark.parametrize("seed", range(20))
def test_leaving_out_what_cannot_be_told_apart_changes_no_rank(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.choice([2, 3, 4, 5, 6, 12], 7).tolist()
    samples = [rng.normal(number, 1.5, n).tolist() for number, n in enumerate(sizes)]

    def test(first, second):
        return rank_sum_test(samples[first], samples[second])

    every = {pair: test(*pair).p_value for pair in itertools.combinations(range(7), 2)}
    assert len(decided_pairs(sizes, test)) == sum(holm(list(every.values())))


@pytest.mark.parametrize(("pairs", "seeds"), [(1, 4), (15, 6), (45, 7)])
def test_how_many_seeds_could_decide_a_pair(pairs, seeds):
    assert seeds_to_decide(pairs) == seeds


def test_pairs_within_reach_are_those_whose_least_p_value_holm_could_reject():
    # Of ten pairs each is tested at 0.005: 5 against 5 seeds give 0.0079 at least, 5 against 10 give 1/3003.
    assert pairs_within_reach([5] * 5) == 0
    assert pairs_within_reach([10, 10, 10, 5, 5]) == 3 + 6
