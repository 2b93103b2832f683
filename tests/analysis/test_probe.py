import itertools
import math

from mann_bench.analysis.cells import cells
from mann_bench.analysis.probe import probe_rows
from mann_bench.analysis.rows import flat
from mann_bench.statistics.medians import survival_median
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.statistics.survival import Durations

UNPROBED = "collier2018:probe_every=0"


def test_a_row_names_its_cell_and_the_longest_size(make_record, make_probe):
    (row,) = probe_rows(cells([make_record("ntm:memory_slots=64", "copy:bits=4", probe=make_probe(1.0))]))
    assert (row.task, row.model, row.protocol) == ("copy:bits=4", "ntm:memory_slots=64", "collier2018")
    assert row.size == "120"


def test_a_row_counts_the_seeds_that_generalise(four_seeds):
    (row,) = probe_rows(cells(four_seeds))
    assert (row.seeds, row.found.generalizing) == (4, (2, 4, clopper_pearson(2, 4)))
    assert flat(row)["generalizing_interval"] == "95 % Clopper-Pearson, n = 4"


def test_a_row_has_the_kaplan_meier_median_of_the_step_from_which_they_do(four_seeds):
    # One of four generalises at step 1,000, one more at step 3,000.
    (row,) = probe_rows(cells(four_seeds))
    estimate = survival_median(Durations((1_000, 3_000, 3_200, 31_250), (True, True, False, False), 31_250))
    assert (estimate.value, estimate.interval.high) == (3_000, math.inf)
    assert row.found.from_step == estimate
    assert flat(row)["from_step_interval"] == estimate.interval.words()


def test_a_run_that_ended_early_counts_until_there(make_record, make_probe):
    # Censored at step 1,500, three of five are no longer at risk at step 3,000, when the last one generalises.
    ended = [make_record(seed=seed, steps=1_500, probe=make_probe(0.5)) for seed in (2, 3, 4)]
    early, late = make_record(seed=0, probe=make_probe(1.0)), make_record(seed=1, probe=make_probe(0.0, 0.0, 1.0))
    (row,) = probe_rows(cells([early, late, *ended]))
    assert (row.found.generalizing.successes, row.found.from_step.value) == (2, 3_000)


def test_a_row_says_of_each_seed_from_which_step_on(four_seeds):
    (row,) = probe_rows(cells(four_seeds))
    assert row.found.by_seed == "0: 1,000; 1: 3,000; 2: never; 3: never"


def test_one_seed_has_no_interval(make_record, make_probe):
    (row,) = probe_rows(cells([make_record(probe=make_probe(1.0))]))
    assert row.found.generalizing == (1, 1, None)
    assert row.found.from_step == (1_000, None)


def test_a_cell_that_was_not_probed_has_no_row(make_record, make_probe):
    (row,) = probe_rows(cells([make_record(protocol=UNPROBED), make_record("lstm", probe=make_probe(1.0))]))
    assert row.model == "lstm"


def test_runs_that_failed_before_they_could_be_probed_count(make_record, make_failed_record, make_probe):
    (row,) = probe_rows(cells([make_failed_record(seed=0), make_record(seed=1, probe=make_probe(1.0))]))
    assert (row.seeds, row.found.generalizing.successes, row.size) == (2, 1, "120")


def test_a_failed_run_alone_makes_a_row(make_failed_record):
    (row,) = probe_rows(cells([make_failed_record()]))
    assert (row.seeds, row.found.generalizing.successes, row.size, row.found.by_seed) == (1, 0, None, "0: never")


def test_the_order_of_the_records_does_not_matter(four_seeds, make_record):
    records = [*four_seeds, make_record("lstm")]
    rows = probe_rows(cells(records))
    assert all(probe_rows(cells(order)) == rows for order in list(itertools.permutations(records))[::7])


def test_a_record_given_twice_counts_once(four_seeds):
    assert probe_rows(cells([*four_seeds, *four_seeds])) == probe_rows(cells(four_seeds))
