import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.generalization import generalization_rows
from mann_bench.reporting.tables.generalization import generalization_tables
from mann_bench.reporting.tables.table import INTERVALS

OTHER = "collier2018:batch_size=64"
NGRAMS = {"task": "dynamic_ngrams", "convergence": {"metric": "regret_bits", "below": 1.0}}


def lengths(*scores):
    """Triples of size, wrong bits and accuracy at lengths 20, 40 and so on."""
    return [({"length": 20 * number}, *each) for number, each in enumerate(scores, start=1)]


def accuracies(*values):
    return lengths(*((8.0, value) for value in values))


def test_there_is_a_table_a_task(make_record):
    tables = generalization_tables(cells([make_record(task="repeat_copy"), make_record("lstm"), make_record("ntm")]))
    assert [table.title for table in tables] == ["Length generalisation: copy", "Length generalisation: repeat_copy"]
    assert [[row[0] for row in table.rows] for table in tables] == [["lstm", "ntm"], ["ntm"]]


def test_several_protocols_stand_in_the_labels(make_record):
    (table,) = generalization_tables(cells([make_record(), make_record(protocol=OTHER)]))
    assert [row[0] for row in table.rows] == ["ntm (collier2018)", f"ntm ({OTHER})"]


def test_rows_of_two_distributions_can_be_told_apart(make_record):
    (table,) = generalization_tables(cells([make_record(), make_record(distribution="other")]))
    assert table.rows[0][0] != table.rows[1][0]


def test_the_table_reads_as_its_rows(make_record):
    sizes = [({"length": 10, "repeats": 20}, 0.125, 0.875), ({"length": 20, "repeats": 10}, 31.0, 0.0)]
    (table,) = generalization_tables(cells([make_record(task="repeat_copy", sizes=sizes)]))
    assert table.columns == ["length x repeats:", "10x20", "20x10", "mastered"]
    assert table.rows == [["ntm", "0.12 / 87.5 %", "31.00 / 0.0 %", "none"]]


def test_the_score_of_the_rule_reads_with_its_interval(three_seeds):
    (table,) = generalization_tables(cells(three_seeds))
    assert table.rows == [["ntm", "1.00 [0.50, 3.00; 75 %] / 25.0 %", "4.00 [2.00, 12.00; 75 %] / 0.0 %", "none"]]


def test_an_untested_run_reads_so_and_stands_in_a_note(make_record, make_failed_record):
    (table,) = generalization_tables(cells([make_record(seed=0), make_failed_record(seed=1)]))
    assert table.rows == [["ntm", "no test [1.50, no test; 50 %] / 12.5 %", "none"]]
    assert table.notes[-1] == "ntm on copy, seed 1: failed before it could be tested, counted as worse than any"


def test_a_failed_cell_has_dashes_beside_a_measured_one(make_record, make_failed_record):
    (table,) = generalization_tables(cells([make_record("ntm"), make_failed_record("lstm")]))
    assert table.columns == ["length:", "20", "mastered"]
    assert table.rows == [["lstm", "-", "none"], ["ntm", "1.50 / 25.0 %", "none"]]


def test_dimensions_and_sizes_do_not_depend_on_the_first_seed(make_record, make_failed_record):
    (table,) = generalization_tables(cells([make_failed_record(seed=0), make_record(seed=1)]))
    assert table.columns == ["length:", "20", "mastered"]


def test_a_task_whose_runs_all_failed_has_a_table_without_sizes(make_failed_record):
    (table,) = generalization_tables(cells([make_failed_record()]))
    assert (table.columns, table.rows) == (["size:", "mastered"], [["ntm", "none"]])


def test_a_task_of_other_scores_has_dashes(make_record):
    size = {"size": {"length": 20}, "sequences": 192, "scores": {"edit_distance": 0.5}}
    (table,) = generalization_tables(cells([make_record(generalization=[size])]))
    assert table.rows == [["ntm", "- / -", "none"]]


def test_an_accuracy_of_another_name_reads_as_one(make_record):
    size = {"size": {"length": 20}, "sequences": 192, "scores": {"accuracy": 0.5}}
    (table,) = generalization_tables(cells([make_record(generalization=[size])]))
    assert table.rows == [["ntm", "- / 50.0 %", "none"]]


def test_a_score_of_another_name_is_shown_by_that_name(make_record):
    scores = {"edit_distance": 0.5, "sequence_accuracy": 0.25}
    size = {"size": {"length": 20}, "sequences": 192, "scores": scores}
    rule = {"metric": "edit_distance", "below": 1.0}
    (table,) = generalization_tables(cells([make_record(convergence=rule, generalization=[size])]))
    assert table.rows == [["ntm", "0.50 / 25.0 %", "none"]]
    assert table.notes[0] == "median over seeds of edit_distance / sequences without an error"


def label_record(make_record, seed, *right, metric="token_error_rate"):
    """A run of a task of two labels a sequence, with a share of right ones at lengths 20, 40 and so on."""
    scores = [{metric: 1 - each, "token_accuracy": each, "sequence_accuracy": each**2} for each in right]
    grid = [{"size": {"length": 20 * n}, "sequences": 192, "scores": each} for n, each in enumerate(scores, start=1)]
    return make_record(seed=seed, convergence={"metric": metric, "below": 0.1}, generalization=grid)


def test_of_class_labels_every_accuracy_is_shown_in_percent_and_with_its_interval(make_record):
    (table,) = generalization_tables(cells([label_record(make_record, seed, 0.25 * seed) for seed in (1, 2, 3)]))
    assert table.rows[0][1] == "50.0 % [25.0, 75.0; 75 %] / 25.0 %"
    assert table.notes[0] == "median over seeds of right tokens / sequences without an error"


def test_an_error_that_is_no_complement_stands_before_the_accuracies(make_record):
    (table,) = generalization_tables(cells([label_record(make_record, 0, 0.5, metric="edit_distance")]))
    assert table.rows[0][1] == "0.50 / 50.0 % / 25.0 %"


def test_the_mean_beyond_training_is_shown_of_the_median_and_of_the_best_seed(make_record, make_failed_record):
    rule = {"metric": "token_error_rate", "below": 0.1}
    seeds = [label_record(make_record, 0, 1.0, 0.5, 0.25), label_record(make_record, 1, 0.0, 1.0, 0.5)]
    (table,) = generalization_tables(cells([*seeds, make_failed_record(seed=2, convergence=rule)]))
    assert table.columns == ["length:", "20", "40", "60", "beyond training", "mastered"]
    assert table.rows[0][-2] == "37.5 % / 75.0 %"
    assert table.notes[1].startswith("beyond training: mean of right tokens over the sizes beyond training")


def test_without_labels_there_is_no_mean_beyond_training(make_record):
    (table,) = generalization_tables(cells([make_record(sizes=accuracies(1.0, 0.5))]))
    assert table.columns == ["length:", "20", "40", "mastered"]


def test_notes_say_what_the_numbers_are(three_seeds):
    (table,) = generalization_tables(cells(three_seeds))
    assert table.notes == [
        "median over seeds of wrong bits a sequence / sequences without an error",
        "mastered: the last size up to which 99 % of the sequences are right",
        INTERVALS,
    ]


def test_notes_of_regret_say_what_the_numbers_are(make_ngrams_record):
    (table,) = generalization_tables(cells([make_ngrams_record()]))
    assert table.notes == [
        "median over seeds of bits a sequence above the Bayes loss / bits of cross-entropy a sequence",
        "mastered: the last size up to which the task's rule is met",
        INTERVALS,
        "one seed has no interval",
    ]


@pytest.mark.parametrize(
    ("values", "last"),
    [
        pytest.param((1.0, 0.99, 1.0), "60", id="all"),
        pytest.param((1.0, 0.98, 1.0), "20", id="up to the first that is not"),
        pytest.param((0.98, 1.0, 1.0), "none", id="not even the first"),
    ],
)
def test_mastered_is_the_last_size_up_to_which_the_sequences_are_right(make_record, values, last):
    (table,) = generalization_tables(cells([make_record(sizes=accuracies(*values))]))
    assert table.rows[0][-1] == last


def test_mastered_goes_by_the_median_over_seeds(make_record):
    seeds = {0: (1.0, 1.0), 1: (1.0, 0.0), 2: (0.0, 1.0)}
    (table,) = generalization_tables(
        cells([make_record(seed=s, sizes=accuracies(*values)) for s, values in seeds.items()])
    )
    assert table.rows[0][-1] == "40"


def test_mastered_goes_by_the_rule_where_no_sequence_can_be_right(make_ngrams_record):
    (table,) = generalization_tables(cells([make_ngrams_record(at=[(200, 0.5, 133.25), (400, 1.0, 244.0)])]))
    assert [row[-1] for row in table.rows] == ["200", "400"]


def test_what_is_beyond_the_memorys_capacity_is_marked(make_record):
    records = [make_record(f"ntm:memory_slots={slots}", sizes=lengths((1.5, 0.5), (3.0, 0.5))) for slots in (20, 40)]
    (table,) = generalization_tables(cells(records))
    assert [row[1:3] for row in table.rows] == [["1.50 / 50.0 %", "3.00 / 50.0 %*"], ["1.50 / 50.0 %", "3.00 / 50.0 %"]]
    assert table.notes[-1] == "* more rows to remember than the memory has slots"
    assert [row.beyond_capacity for row in generalization_rows(cells(records))] == [False, True, False, False]


def test_regret_stands_beside_the_loss_and_above_a_bayes_line(make_ngrams_record):
    (table,) = generalization_tables(
        cells([make_ngrams_record("lstm"), make_ngrams_record("ntm", at=[(200, 2.0, 133.25)])])
    )
    assert table.columns == ["bits:", "200", "400", "mastered"]
    assert table.rows == [
        ["lstm", "12.50 / 145.75", "30.00 / 274.00", "none"],
        ["ntm", "2.00 / 135.25", "-", "none"],
        ["Bayes", "0.00 / 133.25", "0.00 / 244.00", "400"],
    ]


def test_the_bayes_line_is_that_of_the_sequences_of_the_protocol(make_ngrams_record):
    other = make_ngrams_record(protocol="collier2018:test_sequences=64", at=[(200, 12.5, 130.0)])
    (table,) = generalization_tables(cells([make_ngrams_record(at=[(200, 12.5, 133.25)]), other]))
    assert table.rows[2:] == [
        ["Bayes (collier2018)", "0.00 / 133.25", "200"],
        ["Bayes (collier2018:test_sequences=64)", "0.00 / 130.00", "200"],
    ]


def test_the_bayes_line_needs_one_run_that_was_tested(make_ngrams_record, make_failed_record):
    records = [make_failed_record(**NGRAMS), make_ngrams_record(seed=1, at=[(200, 12.5, 133.25)])]
    (table,) = generalization_tables(cells(records))
    assert table.rows == [
        ["ntm", "no test [12.50, no test; 50 %] / -", "none"],
        ["Bayes", "0.00 / 133.25", "200"],
    ]


def test_a_task_without_a_bayes_loss_has_no_bayes_line(make_record):
    (table,) = generalization_tables(cells([make_record("lstm"), make_record("ntm")]))
    assert [row[0] for row in table.rows] == ["lstm", "ntm"]


def test_where_all_runs_failed_there_is_no_bayes_line(make_failed_record):
    (table,) = generalization_tables(cells([make_failed_record(**NGRAMS)]))
    assert table.rows == [["ntm", "none"]]


def test_no_records_make_no_tables():
    assert (generalization_rows(cells([])), generalization_tables(cells([]))) == ([], [])


def test_a_model_with_a_training_of_its_own_is_marked(make_record):
    (table,) = generalization_tables(cells([make_record("acme", own_training=["training_step"]), make_record("ntm")]))
    assert [row[0] for row in table.rows] == ["acme ‡", "ntm"]
    assert "‡ trains by its own optimiser or training step, not the protocol's" in table.notes


@pytest.fixture
def constant_record(make_record):
    """Return a function that makes a run of a task whose best constant is right in a share of the tokens."""

    def made(constant, **fields):
        scores = {"token_error_rate": 0.25, "token_accuracy": 0.75, "sequence_accuracy": 0.5}
        spread = {"constant_accuracy": 0.1}
        row = {"size": {"length": 20}, "sequences": 64, "scores": scores | {"constant_accuracy": constant}}
        rule = {"metric": "token_error_rate", "below": 0.1}
        return make_record(convergence=rule, generalization=[row | {"spread": spread}], **fields)

    return made


def test_the_best_constant_has_a_row_beside_the_models(constant_record):
    (table,) = generalization_tables(cells([constant_record(0.5)]))
    assert table.rows == [["ntm", "75.0 % / 50.0 %", "none"], ["constant", "50.0 %", "-"]]
    assert table.notes[1] == "constant: constant_accuracy, in which no model has a part"


def test_the_best_constant_is_that_of_the_sequences_of_the_protocol(constant_record):
    (table,) = generalization_tables(cells([constant_record(0.5), constant_record(0.25, protocol=OTHER)]))
    assert [row[:2] for row in table.rows[2:]] == [
        ["constant (collier2018)", "50.0 %"],
        [f"constant ({OTHER})", "25.0 %"],
    ]
