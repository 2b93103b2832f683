from mann_bench.results.climb import Rise, climb


def test_a_run_rises_where_its_point_stands_higher_than_ever_before(make_record, make_syllabus):
    record = make_record(syllabus=make_syllabus({0: 1, 200: 1, 400: 4, 600: 2, 800: 4}))
    assert climb(record) == [Rise(0, 1, {"length": 1}), Rise(400, 4, {"length": 4})]


def test_of_a_point_with_two_numbers_the_level_is_their_product(make_record, make_syllabus):
    syllabus = make_syllabus({0: 1})
    syllabus["course"][0]["point"] = {"length": 2, "repeats": 3}
    assert [rise.level for rise in climb(make_record(syllabus=syllabus))] == [6]


def test_without_a_curriculum_point_a_run_climbs_nowhere(make_record, make_failed_record, make_syllabus):
    assert climb(make_record()) == climb(make_record(syllabus=make_syllabus({0: None}))) == []
    assert climb(make_failed_record(syllabus=make_syllabus({}))) == []
