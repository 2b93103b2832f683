import itertools
import math

import pytest

from mann_bench.reporting.tables.probe import probe_rows, probe_table
from mann_bench.reporting.tables.table import INTERVALS, SHARES
from mann_bench.statistics.bootstrap import survival_median
from mann_bench.statistics.proportion import wilson
from mann_bench.statistics.survival import Durations

UNPROBED = "collier2018:probe_every=0"


@pytest.fixture
def four_seeds(make_record, make_probe):
    """One that generalises at once, one later, one that loses it again, and one that diverged."""
    probes = {0: (1.0, 1.0, 1.0), 1: (0.0, 0.5, 0.99), 2: (1.0, 1.0, 0.5)}
    made = [make_record(seed=seed, steps=3_200, probe=make_probe(*each)) for seed, each in probes.items()]
    return [*made, make_record(seed=3, steps=1_100, outcome="diverged", probe=make_probe(1.0))]


def test_a_row_names_its_cell_and_the_longest_size(make_record, make_probe):
    (row,) = probe_rows([make_record("ntm:memory_slots=64", "copy:bits=4", probe=make_probe(1.0))])
    assert (row["task"], row["model"], row["protocol"]) == ("copy:bits=4", "ntm:memory_slots=64", "collier2018")
    assert row["size"] == "120"


def test_a_row_counts_the_seeds_that_generalise(four_seeds):
    (row,) = probe_rows(four_seeds)
    assert (row["seeds"], row["generalizing"]) == (4, 2)
    assert (row["generalizing_low"], row["generalizing_high"]) == wilson(2, 4)[:2]
    assert row["generalizing_interval"] == "95 % Wilson score, n = 4"


def test_a_row_has_the_kaplan_meier_median_of_the_step_from_which_they_do(four_seeds):
    # One of four generalises at step 1,000, one more at step 3,000.
    (row,) = probe_rows(four_seeds)
    estimate = survival_median(Durations((1_000, 3_000, 3_200, 31_250), (True, True, False, False), 31_250))
    assert (estimate.value, estimate.interval.high) == (3_000, math.inf)
    assert (row["from_step_low"], row["from_step_median"]) == (estimate.interval.low, 3_000)
    assert (row["from_step_high"], row["from_step_interval"]) == (None, estimate.interval.words())


def test_a_run_that_ended_early_counts_until_there(make_record, make_probe):
    # Censored at step 1,500, three of five are no longer at risk at step 3,000, when the last one generalises.
    ended = [make_record(seed=seed, steps=1_500, probe=make_probe(0.5)) for seed in (2, 3, 4)]
    early, late = make_record(seed=0, probe=make_probe(1.0)), make_record(seed=1, probe=make_probe(0.0, 0.0, 1.0))
    (row,) = probe_rows([early, late, *ended])
    assert (row["generalizing"], row["from_step_median"]) == (2, 3_000)


def test_a_row_says_of_each_seed_from_which_step_on(four_seeds):
    (row,) = probe_rows(four_seeds)
    assert row["by_seed"] == "0: 1,000; 1: 3,000; 2: never; 3: never"


def test_one_seed_has_no_interval(make_record, make_probe):
    (row,) = probe_rows([make_record(probe=make_probe(1.0))])
    assert (row["generalizing"], row["generalizing_interval"]) == (1, None)
    assert (row["from_step_median"], row["from_step_interval"]) == (1_000, None)


def test_a_cell_that_was_not_probed_has_no_row(make_record, make_probe):
    (row,) = probe_rows([make_record(protocol=UNPROBED), make_record("lstm", probe=make_probe(1.0))])
    assert row["model"] == "lstm"


def test_runs_that_failed_before_they_could_be_probed_count(make_record, make_failed_record, make_probe):
    (row,) = probe_rows([make_failed_record(seed=0), make_record(seed=1, probe=make_probe(1.0))])
    assert (row["seeds"], row["generalizing"], row["size"]) == (2, 1, "120")


def test_a_failed_run_alone_makes_a_row(make_failed_record):
    (row,) = probe_rows([make_failed_record()])
    assert (row["seeds"], row["generalizing"], row["size"], row["by_seed"]) == (1, 0, None, "0: never")


def test_the_order_of_the_records_does_not_matter(four_seeds, make_record):
    records = [*four_seeds, make_record("lstm")]
    rows = probe_rows(records)
    assert all(probe_rows(order) == rows for order in list(itertools.permutations(records))[::7])


def test_a_record_given_twice_counts_once(four_seeds):
    assert probe_rows([*four_seeds, *four_seeds]) == probe_rows(four_seeds)


def test_the_table_reads_as_its_row(four_seeds):
    table = probe_table(four_seeds)
    assert list(zip(table.columns, table.rows[0], strict=True)) == [
        *(("task", "copy"), ("model", "ntm"), ("longest size", "120"), ("generalise", "2/4 [15, 85 %]")),
        *(("from step", "3,000 [1,000, not reached]"), ("by seed", "0: 1,000; 1: 3,000; 2: never; 3: never")),
    ]


def test_where_no_seed_generalises_no_step_is_reached(make_record, make_failed_record, make_probe):
    table = probe_table([make_record(probe=make_probe(0.5)), make_failed_record("lstm")])
    assert [row[2:5] for row in table.rows] == [["-", "0/1", "not reached"], ["120", "0/1", "not reached"]]


def test_several_protocols_stand_in_the_labels(make_record):
    table = probe_table([make_record(), make_record(protocol="collier2018:batch_size=64")])
    assert [row[1] for row in table.rows] == ["ntm (collier2018)", "ntm (collier2018:batch_size=64)"]


def test_rows_of_two_distributions_can_be_told_apart(make_record):
    table = probe_table([make_record(), make_record(distribution="other")])
    assert table.rows[0][1] != table.rows[1][1]


def test_title_and_notes_say_what_the_numbers_are(four_seeds):
    table = probe_table(four_seeds)
    assert table.title == "Generalisation over training"
    assert table.notes == [
        "generalise: seeds with 99 % of the sequences right at the longest size of the grid, or where none can "
        "be right, the task's rule met, in every probe from some step on",
        "from step: its Kaplan-Meier median",
        INTERVALS,
        SHARES,
    ]


def test_one_seed_has_a_note(make_record):
    assert probe_table([make_record()]).notes[-1] == "one seed has no interval"


def test_where_nothing_was_probed_there_is_no_table(make_record):
    assert probe_table([make_record(protocol=UNPROBED)]) is None
    assert (probe_rows([]), probe_table([])) == ([], None)


def test_a_model_with_a_training_of_its_own_is_marked(make_record):
    table = probe_table([make_record("acme", own_training=["training_step"])])
    assert table.rows[0][1] == "acme ‡"
    assert table.notes[-1] == "‡ trains by its own optimiser or training step, not the protocol's"
