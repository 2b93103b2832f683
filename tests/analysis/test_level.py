import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.level import level_rows, reached_rows
from mann_bench.analysis.rows import flat

BUDGET = 31_250


@pytest.fixture
def climbed(make_record, make_syllabus):
    """Return a function that makes the cells of runs that spent their budget, from the points of each seed by step."""

    def make(*courses, **fields):
        fields = {"steps": BUDGET} | fields
        return cells(make_record(seed=n, syllabus=make_syllabus(each), **fields) for n, each in enumerate(courses))

    return make


def test_the_level_is_the_median_of_the_last_points(climbed):
    (row,) = level_rows(climbed({0: 1, 200: 2}, {0: 1, 200: 4, 400: 4}, {0: 1, 200: 1}))
    assert (row.syllabus, row.seeds, row.level.value, row.greatest) == ("exponential", 3, 2, 4)
    assert (row.lowest, row.highest) == (1, 4)
    assert row.by_seed == "0: 2; 1: 4; 2: 1"
    assert flat(row)["level_interval"] == "75 % order statistics over seeds, n = 3"


def test_a_run_that_failed_counts_as_the_worst(climbed):
    (row,) = level_rows(climbed({0: 1, 200: 2}, {0: 1, 200: 4}, {}))
    assert (row.level.value, row.by_seed) == (2, "0: 2; 1: 4; 2: none")


def test_of_sizes_with_two_numbers_the_level_is_their_product(make_record, make_syllabus):
    syllabus = make_syllabus({})
    syllabus["sizes"] = [{"length": n, "repeats": m} for n in (1, 2) for m in (1, 3)]
    point = {"length": 2, "repeats": 3}
    syllabus["course"] = [{"step": 0, "point": point, "drawn": [0] * 4, "rewards": []}]
    (row,) = level_rows(cells([make_record(syllabus=syllabus)]))
    assert (row.level.value, row.greatest, row.by_seed) == (6, 6, "0: 2x3")


def test_without_a_curriculum_point_there_is_no_row(make_record, make_syllabus):
    made = cells([make_record(), make_record(seed=1, syllabus=make_syllabus({0: None}))])
    assert (level_rows(made), reached_rows(made)) == ([], [])


def test_a_level_is_the_highest_that_was_reached_also_where_the_point_went_back(climbed):
    (row,) = level_rows(climbed({0: 1, 200: 4, 400: 2}))
    assert (row.level.value, row.by_seed) == (4, "0: 4")


def test_a_run_that_had_converged_within_its_budget_might_have_got_further(climbed):
    (row,) = level_rows(climbed({0: 1, 200: 2}, {0: 1, 200: 2}, steps=600))
    assert (row.by_seed, row.level.value, row.level.interval.high) == ("0: 2 or more; 1: 2 or more", 2, 4)


def test_a_level_is_reached_at_the_first_evaluation_at_it_or_above(climbed):
    two, four = reached_rows(climbed({0: 1, 200: 2, 400: 4}, {0: 1, 400: 4}, {0: 1, 600: 2}))
    assert [(row.level, row.reached.successes, row.seeds) for row in (two, four)] == [(2, 3, 3), (4, 2, 3)]
    assert (two.steps.estimate.value, two.sequences.estimate.value, two.seconds.estimate.value) == (400, 12_800, 2.0)
    assert (two.steps.estimate.interval.low, two.steps.estimate.interval.high) == (200, 600)


def test_a_seed_that_never_reached_a_level_is_censored_as_one_that_never_converged(climbed):
    (row,) = reached_rows(climbed({0: 1, 200: 2}, {0: 1}, {0: 1}, {}))
    estimate = row.steps.estimate
    assert (row.reached.value, estimate.value, estimate.interval.high) == (0.25, math.inf, math.inf)
    assert flat(row)["steps_budget"] == BUDGET


def test_cells_of_a_task_have_the_levels_that_any_of_them_reached(climbed):
    made = climbed({0: 1, 200: 2}) + climbed({0: 1}, model="lstm")
    assert [(row.model, row.level, row.reached.successes) for row in reached_rows(made)] == [
        ("ntm", 2, 1),
        ("lstm", 2, 0),
    ]


def test_symbols_until_a_level_are_told_where_records_tell_them(climbed, told, make_syllabus):
    (row,) = reached_rows(climbed({0: 1, 400: 2}))
    assert row.symbols is None
    (row,) = reached_rows(cells([told(9.0, 5.0, 0.0, syllabus=make_syllabus({0: 1, 400: 2}))]))
    assert row.symbols.estimate.value == 16_000
