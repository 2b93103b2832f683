import itertools

import pytest

from mann_bench.statistics.permutation import Comparison
from mann_bench.statistics.ranks import Rank, holm, ranking, seeds_to_decide


def of_pairs(p_values):
    """Return tests of all pairs; where p is below 0 the second of the pair leads."""
    return {
        pair: Comparison(-1.0 if p >= 0 else 1.0, abs(p), 0.0, (5, 5), "a test", None) for pair, p in p_values.items()
    }


def test_holm_rejects_from_the_least_p_value_up():
    # 0.01 * 4 and 0.013 * 3 are at most 0.05, 0.03 * 2 is not, and then 0.04 is not either.
    assert holm([0.03, 0.01, 0.04, 0.013]) == [False, True, False, True]


def test_holm_stops_at_the_first_that_it_keeps():
    assert holm([0.2, 0.04]) == [False, False]


def test_nothing_is_decided_without_pairs():
    assert holm([]) == []
    assert ranking(1, {}) == ([Rank(1, 1)], 0, 0)


def test_a_rank_is_what_the_decided_pairs_leave():
    # 0 is better than 2; nothing else is known.
    made = ranking(3, of_pairs({(0, 1): 0.5, (0, 2): 0.001, (1, 2): 0.5}))
    assert made == ([Rank(1, 2), Rank(1, 3), Rank(2, 3)], 1, 3)


def test_the_lead_says_who_is_better():
    made = ranking(2, of_pairs({(0, 1): -0.001}))
    assert made.ranks == [Rank(2, 2), Rank(1, 1)]


def test_all_pairs_decided_are_a_ranking_without_ties():
    made = ranking(4, of_pairs(dict.fromkeys(itertools.combinations(range(4), 2), 1e-6)))
    assert [rank.words() for rank in made.ranks] == ["1", "2", "3", "4"]


def test_a_rank_that_is_not_known_reads_as_a_range():
    assert Rank(1, 3).words() == "1-3"


@pytest.mark.parametrize(("pairs", "seeds"), [(1, 4), (15, 6), (45, 7)])
def test_how_many_seeds_could_decide_a_pair(pairs, seeds):
    assert seeds_to_decide(pairs) == seeds
