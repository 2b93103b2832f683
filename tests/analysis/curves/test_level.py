import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.groups import groups
from mann_bench.analysis.curves.level import level_figure, stairs


@pytest.fixture
def climbed(make_record, make_syllabus):
    """Return a function that makes a record from its curriculum point by step."""

    def make(points, seed=0, model="ntm", sizes=(1, 2, 4), **fields):
        return make_record(model, seed=seed, syllabus=make_syllabus(points, sizes=sizes), **fields)

    return make


def figure(*records):
    (group,) = groups(cells(records))
    return level_figure(group)


def test_a_line_is_the_median_level_over_seeds_with_its_quartiles(climbed):
    courses = [{0: 1, 200: 2}, {0: 1, 200: 2, 400: 4}, {0: 1}]
    (line,) = figure(*(climbed(each, seed) for seed, each in enumerate(courses))).lines
    assert (line.label, line.seeds, line.steps) == ("ntm", 3, (0, 200, 400, 600))
    assert (line.low, line.median, line.high) == ((1, 1, 1, 1), (1, 2, 2, 2), (1, 2, 4, 4))


def test_a_run_keeps_the_level_that_it_reached_to_the_end_of_the_longest(climbed):
    (line,) = figure(climbed({0: 1, 200: 4}, steps=200), climbed({0: 1}, seed=1, steps=900)).lines
    assert (line.steps, line.high) == ((0, 200, 900), (1, 4, 4))


def test_a_run_that_failed_has_no_level(climbed, make_failed_record, make_syllabus):
    failed = make_failed_record(seed=1, syllabus=make_syllabus({}))
    (line,) = figure(climbed({0: 2}), failed).lines
    assert (line.low[0], line.median[0]) == (0, 1)


def test_only_models_with_a_curriculum_point_have_a_line(climbed, make_record):
    found = figure(climbed({0: 1}), make_record("lstm"))
    assert [line.label for line in found.lines] == ["ntm"]
    assert (found.dimensions, found.least, found.greatest) == (("length",), 1, 4)
    assert figure(make_record("lstm")) is None


@pytest.mark.parametrize(("most", "scale"), [(17, "linear"), (256, "log")])
def test_levels_that_double_far_lie_on_a_logarithmic_axis(climbed, most, scale):
    assert figure(climbed({0: 1}, sizes=range(1, most + 1))).scale == scale


def test_a_level_holds_until_the_next_is_reached(climbed):
    (line,) = figure(climbed({0: 1, 200: 2})).lines
    corners = stairs(line)
    assert (corners.steps, corners.median) == ((0, 200, 200, 600, 600), (1, 1, 2, 2, 2))
