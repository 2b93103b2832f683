import pytest

from mann_bench.statistics.interval import LEVEL
from mann_bench.statistics.looks import Looks


def test_a_single_look_has_the_level_of_every_interval():
    assert Looks((5,)).level == LEVEL


def test_the_share_of_errors_is_spent_evenly_over_the_looks():
    looks = Looks((5, 10, 20, 40))
    assert (looks.level, looks.significance) == (0.9875, 0.0125)
    assert looks.significance * len(looks.sizes) == pytest.approx(1 - LEVEL)


@pytest.mark.parametrize("sizes", [(), (5, 5), (10, 5), (0, 5)])
def test_looks_rise(sizes):
    with pytest.raises(ValueError, match="numbers of seeds that rise"):
        Looks(sizes)


@pytest.mark.parametrize(("seeds", "completed"), [(4, None), (5, 5), (9, 5), (10, 10), (99, 20)])
def test_a_look_is_completed_by_its_seeds(seeds, completed):
    assert Looks((5, 10, 20)).completed(seeds) == completed


@pytest.mark.parametrize(("seeds", "following"), [(None, 5), (5, 10), (7, 10), (20, None)])
def test_looks_follow_each_other_up_to_the_last(seeds, following):
    assert Looks((5, 10, 20)).after(seeds) == following


def test_looks_say_where_their_level_comes_from():
    assert Looks((5,)).words() == "95 %"
    assert Looks((5, 10)).words() == "97.5 %, 5 % spent evenly on looks at 5, 10 seeds"
