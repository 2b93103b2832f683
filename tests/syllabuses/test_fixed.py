from mann_bench.syllabuses.fixed import Target, Uniform


def test_uniform_leaves_the_draw_to_the_task(lengths, rng):
    assert Uniform(lengths(5)).draw(rng) is None


def test_target_draws_the_greatest_size_alone(pairs, rng):
    syllabus = Target(pairs(3, 4))
    assert [syllabus.draw(rng) for _ in range(5)] == 5 * [{"length": 3, "repeats": 4}]


def test_target_has_no_curriculum_point(lengths):
    assert Target(lengths(5)).point() is None
