import itertools

import pytest

from mann_bench.reporting.tables import (
    convergence_rows,
    convergence_table,
    generalization_rows,
    generalization_tables,
)


@pytest.fixture
def five_seeds(make_record, make_failed_record):
    """Two solved runs, one of which diverged later; one that never converged, one diverged early, one failed."""
    where = {"step": 812, "culprit": "loss"}
    return [
        make_record(seed=0, converged_at=400),
        make_record(seed=1, converged_at=800, outcome="diverged", divergence=where),
        make_record(seed=2, converged_at=None, steps=31_250),
        make_record(seed=3, converged_at=None, outcome="diverged", steps=612, divergence=where),
        make_failed_record(seed=4),
    ]


def spread(row, name):
    return row[f"{name}_low"], row[f"{name}_median"], row[f"{name}_high"]


def test_a_convergence_row_names_its_cell(make_record):
    (row,) = convergence_rows([make_record("ntm:memory_slots=64", "repeat_copy", 3)])
    assert (row["task"], row["model"], row["protocol"]) == ("repeat_copy", "ntm:memory_slots=64", "collier2018")
    assert (row["parameters"], row["seeds"], row["budget_steps"]) == (12_345, 1, 31_250)


def test_convergence_is_measured_in_steps_sequences_and_seconds(make_record):
    (row,) = convergence_rows([make_record(seed=i, converged_at=at) for i, at in enumerate((1_000, 400, 600))])
    assert spread(row, "steps") == (400, 600, 1_000)
    assert spread(row, "sequences") == (12_800, 19_200, 32_000)
    assert spread(row, "seconds") == (2.0, 3.0, 5.0)


def test_an_even_number_of_seeds_has_the_mean_of_the_middle_two(make_record):
    (row,) = convergence_rows([make_record(seed=i, converged_at=at) for i, at in enumerate((400, 600))])
    assert spread(row, "steps") == (400, 500.0, 600)


def test_only_training_until_convergence_counts(make_record):
    (row,) = convergence_rows([make_record(converged_at=400, steps=2_400)])
    assert spread(row, "steps") == (400, 400, 400)


def test_a_convergence_row_has_its_rule_and_the_final_score(make_ngrams_record):
    finals = {0: 12.5, 1: 0.5, 2: 2.0}
    (row,) = convergence_rows([make_ngrams_record(seed=i, at=[(200, r, 133.25)]) for i, r in finals.items()])
    assert (row["metric"], row["below"], *spread(row, "final")) == ("regret_bits", 1.0, 0.5, 2.0, 12.5)


def test_the_final_score_is_that_of_the_last_evaluation(make_record):
    (row,) = convergence_rows([make_record(converged_at=None), make_record(seed=1, converged_at=400)])
    assert spread(row, "final") == (0.05, (0.05 + 10.0) / 2, 10.0)


def test_a_run_without_an_evaluation_or_with_a_last_one_of_nan_has_no_final_score(make_failed_record, make_record):
    curve = [{"step": 0, "sequences": 0, "training_seconds": 0.0, "scores": {"bit_errors": float("nan")}}]
    (row,) = convergence_rows([make_failed_record(), make_record(seed=1, converged_at=None, curve=curve)])
    assert spread(row, "final") == (None, None, None)


def test_every_seed_counts_however_it_ended(five_seeds):
    (row,) = convergence_rows(five_seeds)
    assert (row["seeds"], row["solved"], row["diverged"], row["failed"]) == (5, 2, 2, 1)


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


def test_generalization_is_the_median_over_seeds_of_each_score(make_record):
    errors = {0: 3.0, 1: 0.5, 2: 1.0}
    (row,) = generalization_rows([make_record(seed=i, sizes=[({"length": 40}, e, e / 4)]) for i, e in errors.items()])
    assert (row["bit_errors_low"], row["bit_errors"], row["bit_errors_high"]) == (0.5, 1.0, 3.0)
    assert (row["sequence_accuracy_low"], row["sequence_accuracy"]) == (0.125, 0.25)
    assert (row["size"], row["length"], row["seeds"], row["sequences"]) == ("40", 40, 3, 192)


def test_generalization_has_a_row_a_size_in_the_order_of_the_grid(make_record):
    rows = generalization_rows([make_record(sizes=[({"length": n}, 1.0, 0.0) for n in (20, 40, 120, 100)])])
    assert [row["size"] for row in rows] == ["20", "40", "120", "100"]


def test_sizes_of_two_dimensions_have_a_column_each(make_record):
    sizes = [({"length": 10, "repeats": 20}, 1.0, 0.5), ({"length": 20, "repeats": 10}, 2.0, 0.25)]
    rows = generalization_rows([make_record(task="repeat_copy", sizes=sizes)])
    found = [(row["size"], row["length"], row["repeats"], row["bit_errors"]) for row in rows]
    assert found == [("10x20", 10, 20, 1.0), ("20x10", 20, 10, 2.0)]


def test_generalization_counts_the_seeds_that_were_measured(make_record, make_failed_record):
    (row,) = generalization_rows([make_record(seed=0), make_failed_record(seed=1)])
    assert (row["seeds"], row["bit_errors"]) == (1, 1.5)


def test_failed_runs_alone_have_no_generalization_rows(make_failed_record):
    assert generalization_rows([make_failed_record()]) == []


def test_the_order_of_the_records_does_not_matter(five_seeds, make_record):
    records = [*five_seeds[:3], make_record("lstm"), make_record(task="repeat_copy")]
    rows = convergence_rows(records), generalization_rows(records)
    for order in itertools.permutations(records):
        assert (convergence_rows(order), generalization_rows(order)) == rows


def test_a_record_given_twice_counts_once(make_record):
    assert convergence_rows([make_record(), make_record()]) == convergence_rows([make_record()])


def test_the_convergence_table_reads_as_its_row(make_record):
    table = convergence_table([make_record(seed=i, converged_at=at) for i, at in enumerate((400, 1_200, 600))])
    assert list(zip(table.columns, table.rows[0], strict=True)) == [
        *(("task", "copy"), ("model", "ntm"), ("parameters", "12,345"), ("solved", "3/3")),
        *(("steps", "600 [400 to 1,200]"), ("sequences", "19,200 [12,800 to 38,400]")),
        *(("seconds", "3.0 [2.0 to 6.0]"), ("rule", "bit_errors < 0.1"), ("final", "0.05")),
        *(("NaN", "0"), ("failed", "0")),
    ]


def test_every_task_has_its_own_rule(make_record, make_ngrams_record):
    table = convergence_table([make_record(converged_at=None), make_ngrams_record()])
    assert [row[7:9] for row in table.rows] == [["bit_errors < 0.1", "10.00"], ["regret_bits < 1", "12.50"]]


def test_the_title_tells_what_the_table_shows(make_record):
    assert convergence_table([make_record()]).title == "Convergence"


def test_one_seed_has_no_range(make_record):
    assert convergence_table([make_record()]).rows[0][4:7] == ["400", "12,800", "2.0"]


def test_a_greatest_value_beyond_the_budget_reads_so(five_seeds):
    assert convergence_table(five_seeds[:3]).rows[0][4] == "800 [400 to > 31,250]"


def test_a_median_beyond_the_budget_reads_so(five_seeds):
    steps, sequences, seconds = convergence_table(five_seeds).rows[0][4:7]
    assert steps == "> 31,250 [400 to > 31,250]"
    assert sequences == "> 1,000,000 [12,800 to > 1,000,000]"
    assert seconds == "- [2.0 to -]"


def test_all_beyond_the_budget_reads_without_a_range(five_seeds):
    assert convergence_table(five_seeds[2:]).rows[0][3:7] == ["0/3", "> 31,250", "> 1,000,000", "-"]


def test_runs_that_never_converged_are_named_in_notes(five_seeds):
    assert convergence_table(five_seeds).notes[3:] == [
        "ntm on copy, seed 2: not converged after 31,250 steps",
        "ntm on copy, seed 3: diverged after 612 steps",
        "ntm on copy, seed 4: failed after 0 steps",
    ]


def test_what_the_numbers_are_and_the_one_protocol_stand_in_notes(make_record):
    assert convergence_table([make_record("ntm"), make_record("lstm")]).notes == [
        "median over seeds [least to greatest], of training until convergence",
        "solved: at the first evaluation that meets the rule; final: the rule's score at the last evaluation",
        "protocol collier2018",
    ]


def test_several_protocols_stand_in_the_labels(make_record):
    table = convergence_table([make_record(), make_record(protocol="collier2018:batch_size=64")])
    assert [row[1] for row in table.rows] == ["ntm (collier2018)", "ntm (collier2018:batch_size=64)"]
    assert not any(note.startswith("protocol") for note in table.notes)


def test_several_protocols_stand_in_the_labels_of_the_generalization_table(make_record):
    (table,) = generalization_tables([make_record(), make_record(protocol="collier2018:batch_size=64")])
    assert [row[0] for row in table.rows] == ["ntm (collier2018)", "ntm (collier2018:batch_size=64)"]


def test_rows_of_two_distributions_can_be_told_apart(make_record):
    table = convergence_table([make_record(), make_record(distribution="other")])
    assert table.rows[0][1] != table.rows[1][1]


def test_there_is_a_generalization_table_a_task(make_record):
    tables = generalization_tables([make_record(task="repeat_copy"), make_record("lstm"), make_record("ntm")])
    assert [table.title for table in tables] == ["Length generalisation: copy", "Length generalisation: repeat_copy"]
    assert [[row[0] for row in table.rows] for table in tables] == [["lstm", "ntm"], ["ntm"]]


def test_the_generalization_table_reads_as_its_rows(make_record):
    sizes = [({"length": 10, "repeats": 20}, 0.125, 0.875), ({"length": 20, "repeats": 10}, 31.0, 0.0)]
    (table,) = generalization_tables([make_record(task="repeat_copy", sizes=sizes)])
    assert table.columns == ["length x repeats:", "10x20", "20x10"]
    assert table.rows == [["ntm", "0.12 / 87.5 %", "31.00 / 0.0 %"]]


def test_a_failed_cell_has_dashes_beside_a_measured_one(make_record, make_failed_record):
    (table,) = generalization_tables([make_record("ntm"), make_failed_record("lstm")])
    assert (table.columns, table.rows) == (["length:", "20"], [["lstm", "-"], ["ntm", "1.50 / 25.0 %"]])


def test_dimensions_are_named_where_the_first_seed_failed(make_record, make_failed_record):
    (table,) = generalization_tables([make_failed_record(seed=0), make_record(seed=1)])
    assert table.columns[1:] == ["20"]


def test_dimensions_do_not_depend_on_the_first_seed(make_record, make_failed_record):
    (table,) = generalization_tables([make_failed_record(seed=0), make_record(seed=1)])
    assert table.columns[0] == "length:"


def test_a_task_whose_runs_all_failed_has_a_table_without_sizes(make_failed_record):
    (table,) = generalization_tables([make_failed_record()])
    assert (table.columns, table.rows) == (["size:"], [["ntm"]])


def test_a_task_of_other_scores_has_dashes(make_record):
    size = {"size": {"length": 20}, "sequences": 192, "scores": {"accuracy": 0.5}}
    (table,) = generalization_tables([make_record(generalization=[size])])
    assert table.rows == [["ntm", "- / -"]]


def test_the_generalization_table_says_what_its_numbers_are(make_record, make_ngrams_record):
    copy, ngrams = generalization_tables([make_record(), make_ngrams_record()])
    assert copy.notes == ["median over seeds of wrong bits a sequence / sequences without a wrong bit"]
    assert ngrams.notes == [
        "median over seeds of bits a sequence above the Bayes loss / bits of cross-entropy a sequence"
    ]


def test_a_score_of_another_name_is_shown_by_that_name(make_record):
    scores = {"edit_distance": 0.5, "sequence_accuracy": 0.25}
    size = {"size": {"length": 20}, "sequences": 192, "scores": scores}
    rule = {"metric": "edit_distance", "below": 1.0}
    (table,) = generalization_tables([make_record(convergence=rule, generalization=[size])])
    assert table.rows == [["ntm", "0.50 / 25.0 %"]]
    assert table.notes == ["median over seeds of edit_distance / sequences without a wrong bit"]


def test_regret_stands_beside_the_loss_and_above_a_bayes_line(make_ngrams_record):
    (table,) = generalization_tables([make_ngrams_record("lstm"), make_ngrams_record("ntm", at=[(200, 2.0, 133.25)])])
    assert table.columns == ["bits:", "200", "400"]
    assert table.rows == [
        ["lstm", "12.50 / 145.75", "30.00 / 274.00"],
        ["ntm", "2.00 / 135.25", "-"],
        ["Bayes", "0.00 / 133.25", "0.00 / 244.00"],
    ]


def test_the_bayes_line_is_that_of_the_sequences_of_the_protocol(make_ngrams_record):
    other = make_ngrams_record(protocol="collier2018:test_sequences=64", at=[(200, 12.5, 130.0)])
    (table,) = generalization_tables([make_ngrams_record(at=[(200, 12.5, 133.25)]), other])
    assert table.rows[2:] == [
        ["Bayes (collier2018)", "0.00 / 133.25"],
        ["Bayes (collier2018:test_sequences=64)", "0.00 / 130.00"],
    ]


def test_a_task_without_a_bayes_loss_has_no_bayes_line(make_record):
    (table,) = generalization_tables([make_record("lstm"), make_record("ntm")])
    assert [row[0] for row in table.rows] == ["lstm", "ntm"]


def test_where_all_runs_failed_there_is_no_bayes_line(make_failed_record):
    rule = {"metric": "regret_bits", "below": 1.0}
    (table,) = generalization_tables([make_failed_record(task="dynamic_ngrams", convergence=rule)])
    assert table.rows == [["ntm"]]


def test_no_records_make_empty_tables():
    assert (convergence_table([]).rows, generalization_tables([])) == ([], [])
