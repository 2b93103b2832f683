import itertools
import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.generalization import generalization_rows
from mann_bench.analysis.rows import flat
from mann_bench.statistics.medians import curve_estimates


def lengths(*scores):
    """Triples of size, wrong bits and accuracy at lengths 20, 40 and so on."""
    return [({"length": 20 * number}, *each) for number, each in enumerate(scores, start=1)]


def spread(row, name):
    value, interval = row.scores[name]
    low, high = interval[:2] if interval else (None, None)
    return low, value, high


def test_a_row_is_the_median_over_seeds_of_each_score(three_seeds):
    row, _ = generalization_rows(cells(three_seeds))
    assert spread(row, "bit_errors") == (0.5, 1.0, 3.0)
    assert spread(row, "sequence_accuracy") == (0.125, 0.25, 0.75)


def test_a_row_names_its_cell_and_its_size(three_seeds):
    row, _ = generalization_rows(cells(three_seeds))
    assert (row.task, row.model, row.protocol) == ("copy", "ntm", "collier2018")
    assert (row.size, row.dimensions) == ("20", {"length": 20})
    assert (row.seeds, row.tested, row.sequences, row.beyond_capacity) == (3, 3, 192, False)


def test_the_intervals_are_those_of_the_statistics(three_seeds):
    rows = generalization_rows(cells(three_seeds))
    for row, estimate in zip(rows, curve_estimates([[3.0, 12.0], [0.5, 2.0], [1.0, 4.0]]), strict=True):
        assert row.scores["bit_errors"] == estimate
        assert flat(row)["bit_errors_interval"] == estimate.interval.words()


def test_an_even_number_of_seeds_has_the_mean_of_the_middle_two(three_seeds):
    row, _ = generalization_rows(cells(three_seeds[:2]))
    assert row.scores["bit_errors"].value == (3.0 + 0.5) / 2


def test_one_seed_has_no_interval(make_record):
    (row,) = generalization_rows(cells([make_record()]))
    assert row.scores["bit_errors"] == (1.5, None)


def test_there_is_a_row_a_size_in_the_order_of_the_grid(make_record):
    rows = generalization_rows(cells([make_record(sizes=[({"length": n}, 1.0, 0.0) for n in (20, 40, 120, 100)])]))
    assert [row.size for row in rows] == ["20", "40", "120", "100"]


def test_sizes_of_two_dimensions_have_a_column_each(make_record):
    sizes = [({"length": 10, "repeats": 20}, 1.0, 0.5), ({"length": 20, "repeats": 10}, 2.0, 0.25)]
    rows = generalization_rows(cells([make_record(task="repeat_copy", sizes=sizes)]))
    found = [[flat(row)[name] for name in ("size", "length", "repeats", "bit_errors_median")] for row in rows]
    assert found == [["10x20", 10, 20, 1.0], ["20x10", 20, 10, 2.0]]


def test_an_untested_run_counts_as_worse_than_any(make_record, make_failed_record):
    tested = [make_record(seed=seed, sizes=lengths((errors, 0.5))) for seed, errors in enumerate((1.5, 3.0))]
    (row,) = generalization_rows(cells([*tested, make_failed_record(seed=2)]))
    assert (row.seeds, row.tested) == (3, 2)
    assert spread(row, "bit_errors") == (1.5, 3.0, math.inf)
    assert spread(row, "sequence_accuracy") == (0.0, 0.5, 0.5)


def test_where_half_of_the_runs_are_untested_the_median_is_beyond_all(make_record, make_failed_record):
    (row,) = generalization_rows(cells([make_record(seed=0), make_failed_record(seed=1)]))
    assert (row.scores["bit_errors"].value, row.scores["sequence_accuracy"].value) == (math.inf, (0.25 + 0.0) / 2)


def test_failed_runs_alone_have_no_rows(make_failed_record):
    assert generalization_rows(cells([make_failed_record()])) == []


def test_the_order_of_the_records_does_not_matter(three_seeds, make_record):
    records = [*three_seeds, make_record("lstm"), make_record(task="repeat_copy")]
    rows = generalization_rows(cells(records))
    assert all(generalization_rows(cells(order)) == rows for order in list(itertools.permutations(records))[::7])


def test_a_record_given_twice_counts_once(make_record):
    assert generalization_rows(cells([make_record(), make_record()])) == generalization_rows(cells([make_record()]))


def test_the_interval_of_the_bayes_loss_is_over_the_sequences_that_all_seeds_share(make_ngrams_record):
    def rows(**spread):
        row = make_ngrams_record(at=[(200, 12.5, 133.25)]).generalization[0].model_copy(update={"spread": spread})
        return generalization_rows(cells([make_ngrams_record(seed=seed, generalization=[row]) for seed in (0, 1)]))[0]

    known, unknown = rows(bayes_bits=29.9), rows()
    value, interval = known.scores["bayes_bits"]
    assert (value, interval.words()) == (133.25, "95 % Student's t over sequences, n = 192")
    assert interval.high - interval.low == pytest.approx(8.513, abs=1e-3)
    assert unknown.scores["bayes_bits"] == (133.25, None)
