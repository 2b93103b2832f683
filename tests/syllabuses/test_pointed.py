"""Each hand-made syllabus against its rule, in exact probabilities."""

import math
from collections import Counter

import pytest

from mann_bench.syllabuses.pointed import LookBack, LookBackAndForward, Naive

DRAWS = 20_000


def shares_by_rule(name, lengths, point, stay):
    """Return how likely each length is: the point with probability `stay`, else uniform up to it, or over all."""
    if name == "naive":
        return {point: 1.0}
    others = [n for n in lengths if name == "look_back_and_forward" or n <= point]
    shares = dict.fromkeys(others, (1 - stay) / len(others))
    shares[point] += stay
    return shares


def assert_drawn(drawn, shares):
    """Compare counts with probabilities, within four standard errors."""
    assert set(drawn) <= set(shares)
    for value, share in shares.items():
        assert abs(drawn[value] / DRAWS - share) <= 4 * math.sqrt(share * (1 - share) / DRAWS)


@pytest.mark.parametrize(
    ("kind", "name", "stay"),
    [(Naive, "naive", 1.0), (LookBack, "look_back", 0.9), (LookBackAndForward, "look_back_and_forward", 0.8)],
)
@pytest.mark.parametrize("moves", [0, 2, 5])
def test_lengths_are_drawn_as_the_rule_says(kind, name, stay, moves, lengths, rng):
    syllabus = kind(lengths(20))
    for _ in range(moves):
        syllabus.evaluated(0.0)
    point = min(20, 2**moves)
    drawn = Counter(syllabus.draw(rng)["length"] for _ in range(DRAWS))
    assert_drawn(drawn, shares_by_rule(name, range(1, 21), point, stay))


def test_numbers_of_a_pair_are_drawn_independently(pairs, rng):
    syllabus = LookBack(pairs(4, 4))
    for _ in range(4):
        syllabus.evaluated(0.0)
    drawn = Counter(tuple(syllabus.draw(rng).values()) for _ in range(DRAWS))
    one = shares_by_rule("look_back", range(1, 5), 4, 0.9)
    assert_drawn(drawn, {(n, r): one[n] * one[r] for n in one for r in one})


def test_the_point_starts_at_the_least_size(lengths):
    assert Naive(lengths(6, first=2)).point() == {"length": 2}


def test_the_point_moves_where_the_error_is_below_the_progress_error(lengths):
    syllabus = Naive(lengths(20))
    seen = []
    for error in (10.0, 9.99, 11.0, 0.0, float("nan"), float("inf")):
        syllabus.evaluated(error)
        seen.append(syllabus.point()["length"])
    assert seen == [1, 2, 2, 4, 4, 4]


def test_the_next_size_follows_where_growth_is_next(lengths):
    syllabus = Naive(lengths(6, first=2), growth="next")
    syllabus.evaluated(0.0)
    assert syllabus.point() == {"length": 3}


@pytest.mark.parametrize("options", [{"progress": 0.0}, {"progress": float("inf")}, {"stay": 1.1}, {"stay": -0.1}])
def test_an_option_out_of_range_is_refused(options, lengths):
    with pytest.raises(ValueError, match="must be"):
        LookBack(lengths(3), **options)
