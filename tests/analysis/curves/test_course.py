import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.course import CourseSeed, course_figure
from mann_bench.analysis.curves.groups import groups

RULE = {"version": 1, "given": {}, "options": {}, "distribution": "mann-bench", "distribution_version": "1"}
SIZES = [{"length": n} for n in (1, 2, 3)]


@pytest.fixture
def followed(make_record):
    """Return a function that makes a record from the course of its syllabus: by step, the point and the draws."""

    def make(course, seed=0):
        rows = [
            {"step": step, "point": None if point is None else {"length": point}, "drawn": drawn, "rewards": []}
            for step, (point, drawn) in course.items()
        ]
        rule = RULE | {"name": "naive", "text": "naive"}
        return make_record(seed=seed, syllabus={"rule": rule, "sizes": SIZES, "course": rows})

    return make


def figure(*records):
    (group,) = groups(cells(records))
    (drawn,) = group.cells
    return course_figure(group.subject, drawn)


def test_shares_are_those_of_the_batches_of_all_seeds(followed):
    one = followed({0: (1, [0, 0, 0]), 200: (2, [200, 0, 0]), 400: (2, [0, 200, 0])})
    other = followed({0: (1, [0, 0, 0]), 200: (1, [200, 0, 0]), 400: (1, [200, 0, 0])}, seed=1)
    found = figure(one, other)
    assert (found.sizes, found.steps) == (("1", "2", "3"), (0, 200, 400))
    assert found.shares == ((1.0, 0.0, 0.0), (0.5, 0.5, 0.0))


def test_a_seed_that_has_ended_counts_no_more(followed):
    short = followed({0: (1, [0, 0, 0]), 200: (1, [200, 0, 0])})
    long = followed({0: (1, [0, 0, 0]), 200: (1, [0, 200, 0]), 400: (1, [0, 0, 200])}, seed=1)
    assert figure(short, long).shares == ((0.5, 0.5, 0.0), (0.0, 0.0, 1.0))


def test_the_point_of_each_seed_is_a_place_among_the_sizes(followed):
    found = figure(followed({0: (1, [0, 0, 0]), 200: (3, [200, 0, 0])}, seed=4))
    assert found.seeds == (CourseSeed(4, (0, 200), (0, 2)),)


def test_a_rule_without_a_point_has_none(followed):
    found = figure(followed({0: (None, [0, 0, 0]), 200: (None, [0, 0, 200])}))
    assert found.seeds[0].places == (None, None)


def test_runs_without_a_syllabus_have_no_such_figure(make_record):
    assert figure(make_record()) is None
