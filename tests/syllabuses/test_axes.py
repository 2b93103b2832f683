from mann_bench.syllabuses.axes import Axes


def walk(axes, growth="double"):
    at = [axes.least]
    while at[-1] != axes.greatest:
        at.append(axes.grown(at[-1], growth))
    return [tuple(axes.size(place).values()) for place in at]


def test_a_length_doubles_up_to_the_greatest(lengths):
    assert walk(Axes(lengths(20))) == [(1,), (2,), (4,), (8,), (16,), (20,)]


def test_a_length_that_does_not_start_at_one_doubles_too(lengths):
    assert walk(Axes(lengths(6, first=2))) == [(2,), (4,), (6,)]


def test_a_length_can_grow_one_by_one(lengths):
    assert walk(Axes(lengths(6, first=2)), "next") == [(2,), (3,), (4,), (5,), (6,)]


def test_repeats_grow_while_they_are_at_most_the_length_and_else_the_length_does(pairs):
    expected, (length, repeats) = [(1, 1)], (1, 1)
    while (length, repeats) != (13, 13):  # the rule as Collier & Beel 2018b have it
        if repeats < 13 and repeats <= length:
            repeats = min(13, 2 * repeats)
        else:
            length = min(13, 2 * length)
        expected.append((length, repeats))
    assert walk(Axes(pairs(13, 13))) == expected


def test_the_other_number_grows_on_when_one_has_reached_its_end(pairs):
    assert walk(Axes(pairs(2, 8))) == [(1, 1), (1, 2), (2, 2), (2, 4), (2, 8)]


def test_the_greatest_size_stays_where_it_is(lengths):
    axes = Axes(lengths(3))
    assert axes.grown(axes.greatest, "double") == axes.greatest


def test_a_number_with_gaps_grows_by_at_least_a_place():
    assert walk(Axes([{"length": n} for n in (1, 10, 15, 40)])) == [(1,), (10,), (15,), (40,)]


def test_sizes_that_are_no_full_grid_lie_on_one_axis_in_rising_order():
    axes = Axes([{"nodes": 4, "edges": 6}, {"nodes": 3, "edges": 3}, {"nodes": 4, "edges": 5}])
    assert walk(axes) == [(3, 3), (4, 5), (4, 6)]
