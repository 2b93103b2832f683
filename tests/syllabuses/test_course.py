import pytest

from mann_bench.core.events import CoursePoint
from mann_bench.syllabuses.base import Syllabus
from mann_bench.syllabuses.course import Course
from mann_bench.syllabuses.fixed import Target, Uniform
from mann_bench.syllabuses.pointed import LookBackAndForward


class Told(Syllabus):
    """Draws the first size; its reward is the loss that it is told."""

    def draw(self, rng):
        return self.sizes[0]

    def trained(self, batch, rng):
        return batch.loss


def course(syllabus, seed=0):
    return Course(syllabus, seed, lambda size: 2.0 * size["length"])


def test_a_draw_depends_on_seed_and_batch_alone(lengths):
    one, other = (course(LookBackAndForward(lengths(9), stay=0.0)) for _ in range(2))
    drawn = {index: one.size(index) for index in (3, 0, 7)}
    assert [other.size(index) for index in (0, 3, 7)] == [drawn[index] for index in (0, 3, 7)]


def test_another_seed_draws_other_sizes(lengths):
    drawn = [[course(LookBackAndForward(lengths(9), stay=0.0), s).size(i) for i in range(20)] for s in (0, 1)]
    assert drawn[0] != drawn[1]


def test_draws_are_counted_from_one_evaluation_to_the_next(lengths):
    made = course(Target(lengths(3)))
    for index in range(4):
        made.size(index)
    assert made.evaluated(4, None) == CoursePoint(4, None, (0, 0, 4), ())
    assert made.evaluated(5, None).drawn == (0, 0, 0)


def test_what_the_task_draws_is_not_counted(lengths):
    made = course(Uniform(lengths(3)))
    assert made.size(0) is None
    made.trained(1.0, None)
    assert made.evaluated(1, None).drawn == (0, 0, 0)


def test_rewards_are_averaged_over_the_batches_of_a_size(lengths):
    made = course(Told(lengths(3)))
    for loss in (2.0, 6.0):
        made.size(0)
        made.trained(loss, None)
    assert made.evaluated(2, None).rewards == (2.0, None, None)  # of losses as shares of 2 nats by chance


def test_the_point_is_that_after_the_evaluation(lengths):
    assert course(LookBackAndForward(lengths(8))).evaluated(0, 0.0).point == {"length": 2}


def test_a_size_that_is_none_of_the_tasks_is_refused(lengths):
    made = course(Told(lengths(3)))
    made.syllabus.sizes = [{"length": 99}]
    with pytest.raises(ValueError, match="which is no training size"):
        made.size(0)
