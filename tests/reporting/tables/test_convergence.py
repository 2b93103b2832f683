import itertools
import math

import pytest

from mann_bench.reporting.tables.convergence import convergence_rows, convergence_table
from mann_bench.reporting.tables.table import INTERVALS, SHARES
from mann_bench.statistics.bootstrap import median_estimate, survival_median
from mann_bench.statistics.proportion import wilson
from mann_bench.statistics.survival import Durations

WHERE = {"step": 812, "culprit": "loss"}


@pytest.fixture
def five_seeds(make_record, make_failed_record):
    """Two solved runs, one of which diverged later; one that spent its budget, one diverged early, one failed."""
    last = {"step": 31_250, "sequences": 1_000_000, "training_seconds": 156.25, "scores": {"bit_errors": 10.0}}
    return [
        make_record(seed=0, converged_at=400),
        make_record(seed=1, converged_at=800, outcome="diverged", divergence=WHERE),
        make_record(seed=2, converged_at=None, steps=31_250, curve=[last]),
        make_record(seed=3, converged_at=None, outcome="diverged", steps=612, divergence=WHERE),
        make_failed_record(seed=4),
    ]


def seeds(make_record, *steps):
    return [make_record(seed=seed, converged_at=at) for seed, at in enumerate(steps)]


def spread(row, name):
    return row[f"{name}_low"], row[f"{name}_median"], row[f"{name}_high"]


def cells_of(table, *columns):
    return [[row[table.columns.index(column)] for column in columns] for row in table.rows]


def test_a_row_names_its_cell(make_record):
    (row,) = convergence_rows([make_record("ntm:memory_slots=64", "repeat_copy", 3)])
    assert (row["task"], row["model"], row["protocol"]) == ("repeat_copy", "ntm:memory_slots=64", "collier2018")
    assert (row["parameters"], row["seeds"]) == (12_345, 1)


def test_convergence_is_measured_in_steps_sequences_and_seconds(make_record):
    # Of 27 equally likely resamples 7 have the least as their median, and 7 the greatest: more than 2.5 %.
    (row,) = convergence_rows(seeds(make_record, 1_000, 400, 600))
    assert spread(row, "steps") == (400, 600, 1_000)
    assert spread(row, "sequences") == (12_800, 19_200, 32_000)
    assert spread(row, "seconds") == (2.0, 3.0, 5.0)


def test_an_even_number_of_seeds_has_the_lower_of_the_middle_two(make_record):
    (row,) = convergence_rows(seeds(make_record, 1_000, 400, 600, 800))
    assert row["steps_median"] == 600


def test_a_median_and_its_interval_are_those_of_the_statistics(five_seeds):
    (row,) = convergence_rows(five_seeds)
    estimate = survival_median(Durations.of([400, 800, None, None, None], 31_250))
    assert (estimate.value, spread(row, "steps")) == (math.inf, (estimate.interval.low, None, None))
    assert row["steps_interval"] == "95 % percentile bootstrap over seeds, n = 5, 10,000 resamples, seed 0"


def test_one_seed_has_no_interval(make_record):
    (row,) = convergence_rows([make_record()])
    assert (spread(row, "steps"), row["steps_interval"]) == ((None, 400, None), None)
    assert (row["solved_low"], row["solved_high"], row["solved_interval"]) == (None, None, None)


def test_only_training_until_convergence_counts(make_record):
    (row,) = convergence_rows([make_record(converged_at=400, steps=2_400)])
    assert row["steps_median"] == 400


def test_quartiles_are_reached_by_a_quarter_and_by_three_quarters_of_the_seeds(make_record):
    (row,) = convergence_rows(seeds(make_record, 800, 400, 1_000, 600))
    assert (row["steps_lower_quartile"], row["steps_upper_quartile"]) == (400, 800)


def test_quartiles_and_the_restricted_mean_are_those_of_the_survival_curve(five_seeds):
    # Of five seeds 4/5 have not converged after step 400 and 3/5 after step 800, nor within the budget.
    (row,) = convergence_rows(five_seeds)
    assert (row["steps_lower_quartile"], row["steps_upper_quartile"]) == (800, None)
    assert row["steps_restricted_mean"] == pytest.approx((400 + 800 + 3 * 31_250) / 5)


def test_the_budget_stands_beside_the_times(five_seeds):
    (row,) = convergence_rows(five_seeds)
    assert [row[f"{unit}_budget"] for unit in ("steps", "sequences", "seconds")] == [31_250, 1_000_000, 156.25]


def test_a_run_that_ended_before_its_budget_counts_until_there(make_record):
    # Censored at step 600, the second is no longer at risk at step 800, when the third and last one converges.
    (row,) = convergence_rows(seeds(make_record, 400, None, 800))
    assert row["steps_median"] == 800


def test_a_row_has_its_rule_and_the_final_score(make_ngrams_record):
    finals = {0: 12.5, 1: 0.5, 2: 2.0}
    (row,) = convergence_rows([make_ngrams_record(seed=i, at=[(200, r, 133.25)]) for i, r in finals.items()])
    assert (row["metric"], row["below"], *spread(row, "final")) == ("regret_bits", 1.0, 0.5, 2.0, 12.5)


def test_the_final_score_is_the_plain_median_of_the_last_evaluations(make_record):
    (row,) = convergence_rows(seeds(make_record, None, 400))
    estimate = median_estimate([10.0, 0.05])
    assert row["final_median"] == estimate.value == pytest.approx((0.05 + 10.0) / 2)
    assert (row["final_low"], row["final_high"]) == estimate.interval[:2]


def test_a_run_without_an_evaluation_or_with_a_last_one_of_nan_has_the_worst_final_score(
    make_failed_record, make_record
):
    curve = [{"step": 0, "sequences": 0, "training_seconds": 0.0, "scores": {"bit_errors": math.nan}}]
    lost = [make_failed_record(), make_record(seed=1, converged_at=None, curve=curve)]
    assert spread(convergence_rows(lost)[0], "final") == (None, None, None)
    assert spread(convergence_rows([*lost, make_record(seed=2)])[0], "final") == (0.05, None, None)


def test_every_seed_counts_however_it_ended(five_seeds):
    (row,) = convergence_rows(five_seeds)
    assert (row["seeds"], row["solved"], row["diverged"], row["failed"]) == (5, 2, 2, 1)


def test_the_share_of_solved_seeds_has_wilsons_interval(five_seeds):
    (row,) = convergence_rows(five_seeds)
    assert (row["solved_low"], row["solved_high"]) == wilson(2, 5)[:2]
    assert row["solved_interval"] == "95 % Wilson score, n = 5"


def test_a_run_that_diverged_after_convergence_is_solved(five_seeds):
    (row,) = convergence_rows(five_seeds[1:2])
    assert (row["solved"], row["diverged"], row["steps_median"]) == (1, 1, 800)


def test_unsolved_seeds_stay_in_the_median_as_beyond_the_budget(five_seeds):
    (row,) = convergence_rows(five_seeds)
    assert spread(row, "steps") == (400, None, None)


def test_the_median_of_three_with_one_unsolved_is_known(five_seeds):
    (row,) = convergence_rows(five_seeds[:3])
    assert spread(row, "steps") == (400, 800, None)


def test_with_no_seed_solved_nothing_is_known(five_seeds):
    (row,) = convergence_rows(five_seeds[2:])
    assert (row["solved"], *spread(row, "sequences")) == (0, None, None, None)


def test_a_failed_run_alone_makes_a_row(make_failed_record):
    (row,) = convergence_rows([make_failed_record()])
    assert (row["seeds"], row["solved"], row["failed"], row["parameters"]) == (1, 0, 1, None)


def test_parameters_are_known_where_one_seed_knows_them(make_record, make_failed_record):
    (row,) = convergence_rows([make_failed_record(seed=0), make_record(seed=1)])
    assert row["parameters"] == 12_345


@pytest.mark.parametrize(("every", "text"), [(None, "12,345"), (12_345, "12,345"), (20_000, "12,345 of 20,000")])
def test_parameters_that_are_trained_are_told_from_others(make_record, every, text):
    known = {} if every is None else {"all_parameters": every}
    (row,) = convergence_rows([make_record(**known)])
    table = convergence_table([make_record(**known)])
    assert {name: row[name] for name in row if name == "all_parameters"} == known
    assert table.rows[0][2] == text
    assert ("parameters: trained, of all that there are" in table.notes) is (every == 20_000)


def test_the_order_of_the_records_does_not_matter(five_seeds, make_record):
    records = [*five_seeds[:3], make_record("lstm"), make_record(task="repeat_copy")]
    rows = convergence_rows(records)
    assert all(convergence_rows(order) == rows for order in list(itertools.permutations(records))[::7])


def test_a_record_given_twice_counts_once(make_record):
    assert convergence_rows([make_record(), make_record()]) == convergence_rows([make_record()])


def test_the_table_reads_as_its_row(make_record):
    table = convergence_table(seeds(make_record, 400, 1_200, 600))
    assert list(zip(table.columns, table.rows[0], strict=True)) == [
        *(("task", "copy"), ("model", "ntm"), ("parameters", "12,345"), ("solved", "3/3 [44, 100 %]")),
        *(("steps", "600 [400, 1,200]"), ("seconds", "3.0 [2.0, 6.0]"), ("final", "0.05")),
        *(("NaN", "0"), ("failed", "0")),
    ]


def test_the_title_tells_what_the_table_shows(make_record):
    assert convergence_table([make_record()]).title == "Convergence"


def test_one_seed_reads_without_an_interval_and_a_note_says_why(make_record):
    table = convergence_table([make_record()])
    assert cells_of(table, "solved", "steps", "seconds", "final") == [["1/1", "400", "2.0", "0.05"]]
    assert "one seed has no interval" in table.notes


def test_a_bound_beyond_the_budget_reads_so(five_seeds):
    assert cells_of(convergence_table(five_seeds[:3]), "steps") == [["800 [400, > 31,250]"]]


def test_a_median_beyond_the_budget_reads_so(five_seeds):
    wanted = ["2/5 [12, 77 %]", "> 31,250 [400, > 31,250]", "> 156.2 [2.0, > 156.2]"]
    assert cells_of(convergence_table(five_seeds), "solved", "steps", "seconds") == [wanted]


def test_all_beyond_the_budget_reads_without_an_interval(five_seeds):
    wanted = ["0/3 [0, 56 %]", "> 31,250", "> 156.2"]
    assert cells_of(convergence_table(five_seeds[2:]), "solved", "steps", "seconds") == [wanted]


def test_runs_that_never_converged_are_named_in_notes(five_seeds):
    assert convergence_table(five_seeds).notes[-3:] == [
        "ntm on copy, seed 2: not converged after 31,250 steps",
        "ntm on copy, seed 3: diverged after 612 steps",
        f"ntm on copy, seed 4: failed after 0 steps: Traceback (run {five_seeds[4].key[:12]})",
    ]


def test_seconds_of_several_backends_say_so(make_record, make_failed_record):
    records = [make_record(backend="native"), make_record(task="repeat_copy", backend="native")]
    assert not any("backend" in note for note in convergence_table([*records, make_failed_record("dnc")]).notes)
    notes = convergence_table([*records, make_record("lstm", backend="eager")]).notes
    assert (
        "seconds are those of several backends: eager of lstm on copy; native of ntm on copy, ntm on repeat_copy"
        in notes
    )


def test_a_row_tells_its_backends_and_who_brought_what_ran(make_record):
    (row,) = convergence_rows([make_record(seed=0, backend="native"), make_record(seed=1)])
    assert (row["backend"], row["origin"]) == ("eager, native", "mann-bench ntm v1, mann-bench copy v1")


def test_what_the_numbers_are_the_rule_and_the_one_protocol_stand_in_notes(make_record):
    assert convergence_table(seeds(make_record, 400, 600)).notes == [
        "solved: seeds that met the task's rule; steps, seconds: Kaplan-Meier median of training until then",
        "rule: less than 0.1 wrong bits a sequence, at the first such evaluation; "
        "final: that score at the last evaluation",
        INTERVALS,
        SHARES,
        "protocol collier2018",
    ]


def test_every_rule_stands_in_a_note_with_its_tasks(make_record, make_ngrams_record):
    records = [make_record("ntm"), make_record("lstm"), make_record(task="repeat_copy"), make_ngrams_record()]
    rules = [note.partition(", at the first")[0] for note in convergence_table(records).notes if note[:4] == "rule"]
    assert rules == [
        "rule of copy, repeat_copy: less than 0.1 wrong bits a sequence",
        "rule of dynamic_ngrams: less than 1 bits a sequence above the Bayes loss",
    ]


def test_several_protocols_stand_in_the_labels(make_record):
    table = convergence_table([make_record(), make_record(protocol="collier2018:batch_size=64")])
    assert cells_of(table, "model") == [["ntm (collier2018)"], ["ntm (collier2018:batch_size=64)"]]
    assert not any(note.startswith("protocol") for note in table.notes)


def test_rows_of_two_distributions_can_be_told_apart(make_record):
    first, second = cells_of(convergence_table([make_record(), make_record(distribution="other")]), "model")
    assert first != second


def test_no_records_make_an_empty_table():
    assert (convergence_rows([]), convergence_table([]).rows) == ([], [])


def test_a_model_with_a_training_of_its_own_is_marked_and_a_note_says_why(make_record):
    own = make_record("acme", own_training=["training_step"])
    table = convergence_table([own, make_record("acme", seed=1), make_record("ntm")])
    assert cells_of(table, "model") == [["acme ‡"], ["ntm"]]
    assert "‡ trains by its own optimiser or training step, not the protocol's" in table.notes


def test_a_row_names_the_methods_of_a_training_of_its_own_and_others_name_none(make_record):
    own = make_record("acme", own_training=["training_step", "configure_optimizers"])
    first, second = convergence_rows([own, make_record("ntm")])
    assert first["own_training"] == "configure_optimizers, training_step"
    assert "own_training" not in second
