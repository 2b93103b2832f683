from collections import Counter

import numpy as np
import pytest

from mann_bench_graphs.syllabus import Lessons

SIZES = [{"lesson": n} for n in range(1, 15)]


@pytest.fixture
def at():
    """Return a function that makes a syllabus at a lesson."""

    def made(lesson, **options):
        syllabus = Lessons(SIZES, **options)
        for _ in range(lesson - 1):
            syllabus.evaluated(0.0)
        return syllabus

    return made


def test_the_next_lesson_begins_where_more_than_90_percent_are_right(at):
    syllabus = at(3)
    syllabus.evaluated(1.0)
    assert syllabus.point() == {"lesson": 3}
    syllabus.evaluated(0.99)
    assert syllabus.point() == {"lesson": 4}


def test_the_last_lesson_stays(at):
    assert at(30).point() == {"lesson": 14}


def test_the_first_lesson_is_drawn_alone(at):
    syllabus, rng = at(1), np.random.default_rng(0)
    assert {syllabus.draw(rng)["lesson"] for _ in range(100)} == {1}


def test_a_tenth_of_the_batches_are_of_earlier_lessons_all_alike(at):
    syllabus, rng = at(5), np.random.default_rng(0)
    drawn = Counter(syllabus.draw(rng)["lesson"] for _ in range(20_000))
    assert drawn[5] / 20_000 == pytest.approx(0.9, abs=0.01)
    assert [drawn[n] / 20_000 for n in (1, 2, 3, 4)] == pytest.approx([0.025] * 4, abs=0.005)


@pytest.mark.parametrize(
    "options", [{"progress": 0.0}, {"progress": float("inf")}, {"earlier": -0.1}, {"earlier": 1.1}]
)
def test_options_out_of_range_are_an_error(options):
    with pytest.raises(ValueError, match="progress must be"):
        Lessons(SIZES, **options)
