from mann_bench.analysis.cells import cells
from mann_bench.analysis.level import level_rows
from mann_bench.analysis.rows import flat


def test_the_level_is_the_median_of_the_last_points(make_record, make_syllabus):
    courses = [{0: 1, 200: 2}, {0: 1, 200: 4, 400: 4}, {0: 1, 200: 1}]
    (row,) = level_rows(cells(make_record(seed=n, syllabus=make_syllabus(each)) for n, each in enumerate(courses)))
    assert (row.syllabus, row.seeds, row.level.value, row.greatest) == ("exponential", 3, 2, 4)
    assert row.by_seed == "0: 2; 1: 4; 2: 1"
    assert flat(row)["level_interval"] == "75 % order statistics over seeds, n = 3"


def test_a_run_that_failed_counts_as_the_worst(make_record, make_syllabus):
    courses = [{0: 1, 200: 2}, {0: 1, 200: 4}, {}]
    (row,) = level_rows(cells(make_record(seed=n, syllabus=make_syllabus(each)) for n, each in enumerate(courses)))
    assert (row.level.value, row.by_seed) == (2, "0: 2; 1: 4; 2: none")


def test_of_sizes_with_two_numbers_the_level_is_their_product(make_record, make_syllabus):
    syllabus = make_syllabus({})
    syllabus["sizes"] = [{"length": n, "repeats": m} for n in (1, 2) for m in (1, 3)]
    point = {"length": 2, "repeats": 3}
    syllabus["course"] = [{"step": 0, "point": point, "drawn": [0] * 4, "rewards": []}]
    (row,) = level_rows(cells([make_record(syllabus=syllabus)]))
    assert (row.level.value, row.greatest, row.by_seed) == (6, 6, "0: 2x3")


def test_without_a_curriculum_point_there_is_no_row(make_record, make_syllabus):
    assert level_rows(cells([make_record(), make_record(seed=1, syllabus=make_syllabus({0: None}))])) == []
