import itertools
import math

import pytest

from mann_bench.statistics.ranks import ranks


def always(i, j):
    return True


def never(i, j):
    return False


def test_separated_entries_are_ranked_by_value():
    assert ranks([30.0, 10.0, 20.0], always) == [3, 1, 2]


def test_entries_that_nothing_separates_share_the_first_rank():
    assert ranks([30.0, 10.0, 20.0], never) == [1, 1, 1]


def test_after_a_shared_rank_places_are_left_out():
    values = [10, 11, 30, 31, 50]
    assert ranks(values, lambda i, j: abs(values[i] - values[j]) > 5) == [1, 1, 3, 3, 5]


def test_an_entry_is_compared_with_the_first_of_its_rank_not_with_its_neighbour():
    values = [10, 14, 18, 22]
    assert ranks(values, lambda i, j: abs(values[i] - values[j]) > 5) == [1, 1, 3, 3]


def test_the_comparison_is_asked_for_positions_the_first_of_the_rank_first():
    asked = []
    ranks([30.0, 10.0, 20.0], lambda i, j: bool(asked.append((i, j))))
    assert asked == [(1, 2), (1, 0)]


def test_equal_values_share_a_rank_whatever_the_comparison_says():
    assert ranks([5, math.inf, math.inf, 5, 7], always) == [1, 4, 4, 1, 3]


def test_the_order_of_the_entries_does_not_matter():
    def of(values):
        return dict(zip(values, ranks(values, lambda i, j: abs(values[i] - values[j]) > 5), strict=True))

    assert len({tuple(sorted(of(order).items())) for order in itertools.permutations([10, 14, 18, 22, math.inf])}) == 1


def test_one_entry_is_first():
    assert ranks([math.inf], always) == [1]


def test_of_nothing_there_are_no_ranks():
    assert ranks([], always) == []


def test_nan_is_refused():
    with pytest.raises(ValueError, match="ranks need numbers, not NaN"):
        ranks([1.0, math.nan], always)
