import itertools
import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.groups import groups
from mann_bench.analysis.curves.lengths import length_figure
from mann_bench.analysis.measures import beyond_capacity
from mann_bench.statistics.medians import curve_estimates

KNOWN_TO_VERSION_1 = {"training_range": {}, "grid": []}


@pytest.fixture
def tested(make_record):
    """Return a function that makes a record whose test errors are given by length."""

    def make(errors, seed=0, model="ntm", **fields):
        return make_record(model, seed=seed, sizes=[({"length": n}, e, 0.5) for n, e in errors.items()], **fields)

    return make


@pytest.fixture
def repeated(make_record):
    """A record of a grid of two dimensions."""
    sizes = [({"length": n, "repeats": r}, 1.0, 0.5) for n, r in ((10, 10), (20, 10), (10, 20))]
    return make_record(task="repeat_copy", sizes=sizes, training_range={"length": (1, 10), "repeats": (1, 10)})


def figure(*records):
    (group,) = groups(cells(records))
    return length_figure(group)


def line(*records):
    (found,) = figure(*records).lines
    return found


def medians(found):
    return {point.size: point.estimate.value for point in found.points}


def test_a_size_has_the_median_over_seeds(tested):
    found = line(tested({20: 3.0, 40: 8.0}, 0), tested({20: 1.0, 40: 9.0}, 1), tested({20: 2.0, 40: 7.0}, 2))
    assert medians(found) == {"20": 2.0, "40": 8.0}
    assert (found.seeds, found.tested) == (3, 3)


def test_the_interval_is_that_of_the_statistics(tested):
    values = [[3.0, 8.0], [1.0, 9.0], [2.0, 7.0]]
    found = line(*(tested({20: low, 40: high}, seed) for seed, (low, high) in enumerate(values)))
    assert [point.estimate for point in found.points] == curve_estimates(values)


def test_one_seed_has_no_interval(tested):
    assert [point.estimate.interval for point in line(tested({20: 3.0})).points] == [None]


def test_a_score_that_is_no_number_is_infinitely_wrong(tested):
    assert medians(line(tested({20: math.nan}, 0), tested({20: 1.0}, 1), tested({20: math.nan}, 2))) == {"20": math.inf}


def test_a_run_that_was_not_tested_counts_as_worse_than_any(tested, make_failed_record):
    found = line(tested({20: 3.0}), tested({20: 1.0}, 1), make_failed_record(seed=2))
    assert (found.seeds, found.tested, medians(found)) == (3, 2, {"20": 3.0})


def test_a_model_that_was_never_tested_stays_as_a_line_without_points(tested, make_failed_record):
    found = figure(tested({20: 3.0}), make_failed_record("lstm")).lines
    assert [(each.label, each.tested, len(each.points)) for each in found] == [("lstm", 0, 0), ("ntm", 1, 1)]


def test_sizes_stand_in_the_order_of_the_grid(tested):
    assert [size.text for size in figure(tested({20: 1.0, 120: 1.0, 40: 1.0})).sizes] == ["20", "120", "40"]


def test_sizes_within_the_training_range_are_known(tested):
    found = figure(tested({10: 1.0, 20: 1.0, 21: 1.0}))
    assert [size.in_training for size in found.sizes] == [True, True, False]
    assert found.training_range == {"length": (1, 20)}


def test_a_size_of_two_dimensions_was_trained_on_where_both_were(repeated):
    found = {size.text: size.in_training for size in figure(repeated).sizes}
    assert found == {"10x10": True, "20x10": False, "10x20": False}


def test_chance_is_what_the_task_states(tested):
    assert [size.chance for size in figure(tested({20: 1.0, 40: 1.0})).sizes] == [20.0, 40.0]


def test_chance_of_a_regret_is_the_loss_of_chance_above_the_bayes_loss(make_ngrams_record):
    grid = [{"size": {"bits": n}, "chance": {"loss_bits": n}, "rows_to_remember": None} for n in (200, 400)]
    found = figure(make_ngrams_record(grid=grid))
    assert [(size.text, size.chance) for size in found.sizes] == [("200", 200 - 133.25), ("400", 400 - 244.0)]


def test_a_record_of_version_1_without_these_fields_has_no_training_range_and_no_chance(tested):
    found = figure(tested({20: 1.0}, **KNOWN_TO_VERSION_1))
    (size,) = found.sizes
    assert (found.training_range, size.in_training, size.chance) == ({}, False, None)


def test_a_size_is_beyond_the_capacity_of_one_model_alone(tested):
    records = [tested({20: 1.0, 64: 1.0, 65: 1.0}, model=model) for model in ("lstm", "ntm:memory_slots=64")]
    found = {each.label: [point.beyond_capacity for point in each.points] for each in figure(*records).lines}
    assert found == {"lstm": [False] * 3, "ntm:memory_slots=64": [False, False, True]}


@pytest.mark.parametrize(
    ("model", "fields", "expected"),
    [
        ("ntm:memory_slots=39", {}, True),
        ("ntm:memory_slots=40", {}, False),
        ("ntm:memory_slots=many", {}, False),
        ("lstm", {}, False),
        ("ntm:memory_slots=39", KNOWN_TO_VERSION_1, False),
        ("ntm:memory_slots=39", {"grid": [{"size": {"length": 40}, "chance": {}, "rows_to_remember": None}]}, False),
    ],
)
def test_a_size_is_beyond_capacity_where_rows_and_slots_are_known_and_rows_are_more(tested, model, fields, expected):
    assert beyond_capacity(tested({40: 1.0}, model=model, **fields), {"length": 40}) is expected


def test_a_size_that_the_grid_does_not_know_is_not_beyond_capacity(tested):
    assert not beyond_capacity(tested({40: 1.0}, model="ntm:memory_slots=1"), {"length": 41})


def test_without_a_tested_run_there_is_no_figure(make_failed_record):
    assert figure(make_failed_record()) is None


def test_the_order_of_the_records_does_not_matter(tested, make_failed_record):
    records = [tested({20: 3.0, 40: 8.0}, 0), tested({20: 1.0, 40: 9.0}, 1), make_failed_record(seed=2)]
    first = figure(*records)
    assert all(figure(*order) == first for order in itertools.permutations(records))
