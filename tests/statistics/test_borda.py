import pytest

from mann_bench.statistics.borda import Standing, borda
from mann_bench.statistics.ranks import Rank


def test_points_are_the_share_of_the_others_that_are_left_behind():
    first, second, last = (borda([Standing(Rank(place, place), place, 3)]) for place in (1, 2, 3))
    assert [each[:3] for each in (first, second, last)] == [(1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (0.0, 0.0, 0.0)]


def test_points_are_as_uncertain_as_the_ranks_that_they_come_from():
    assert borda([Standing(Rank(1, 3), 2, 5)])[:3] == (0.75, 0.5, 1.0)


def test_points_are_the_mean_over_tasks():
    assert borda([Standing(Rank(1, 1), 1, 2), Standing(Rank(2, 2), 2, 2)]) == (0.5, 0.5, 0.5, 2)


@pytest.mark.parametrize("nothing", [None, Standing(Rank(1, 1), 1, 1)])
def test_a_task_that_ranks_nothing_leaves_any_place_open(nothing):
    assert borda([nothing]) == (0.5, 0.0, 1.0, 0)


def test_points_never_leave_their_interval():
    assert borda([Standing(Rank(2, 3), 1, 3)])[:3] == (0.5, 0.0, 0.5)


def test_points_without_a_task_are_an_error():
    with pytest.raises(ValueError, match="at least one task"):
        borda([])
