import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.convergence import convergence_rows
from mann_bench.analysis.rows import flat
from mann_bench.reporting.tables.convergence import convergence_table
from mann_bench.reporting.tables.table import INTERVALS, SHARES

WHERE = {"step": 812, "culprit": "loss"}


def seeds(make_record, *steps):
    return [make_record(seed=seed, converged_at=at) for seed, at in enumerate(steps)]


def cells_of(table, *columns):
    return [[row[table.columns.index(column)] for column in columns] for row in table.rows]


@pytest.mark.parametrize(("every", "text"), [(None, "12,345"), (12_345, "12,345"), (20_000, "12,345 of 20,000")])
def test_parameters_that_are_trained_are_told_from_others(make_record, every, text):
    known = {} if every is None else {"all_parameters": every}
    (row,) = convergence_rows(cells([make_record(**known)]))
    table = convergence_table(cells([make_record(**known)]))
    assert {name: value for name, value in flat(row).items() if name == "all_parameters"} == known
    assert table.rows[0][2] == text
    assert ("parameters: trained, of all that there are" in table.notes) is (every == 20_000)


def test_the_table_reads_as_its_row(make_record):
    table = convergence_table(cells(seeds(make_record, 400, 1_200, 600)))
    assert list(zip(table.columns, table.rows[0], strict=True)) == [
        *(("task", "copy"), ("model", "ntm"), ("parameters", "12,345"), ("solved", "3/3 [29, 100 %]")),
        *(("steps", "600 [400, 1,200; 75 %]"), ("seconds", "3.0 [2.0, 6.0; 75 %]"), ("final", "0.05")),
        *(("NaN", "0"), ("failed", "0")),
    ]


def test_the_title_tells_what_the_table_shows(make_record):
    assert convergence_table(cells([make_record()])).title == "Convergence"


def test_one_seed_reads_without_an_interval_and_a_note_says_why(make_record):
    table = convergence_table(cells([make_record()]))
    assert cells_of(table, "solved", "steps", "seconds", "final") == [["1/1", "400", "2.0", "0.05"]]
    assert "one seed has no interval" in table.notes


def test_a_bound_beyond_the_budget_reads_so(five_seeds):
    assert cells_of(convergence_table(cells(five_seeds[:3])), "steps") == [["800 [400, > 31,250; 75 %]"]]


def test_a_median_beyond_the_budget_reads_so(five_seeds):
    wanted = ["2/5 [5, 85 %]", "> 31,250 [400, > 31,250; 94 %]", "> 156.2 [2.0, > 156.2; 94 %]"]
    assert cells_of(convergence_table(cells(five_seeds)), "solved", "steps", "seconds") == [wanted]


def test_all_beyond_the_budget_reads_without_an_interval(five_seeds):
    wanted = ["0/3 [0, 71 %]", "> 31,250", "> 156.2"]
    assert cells_of(convergence_table(cells(five_seeds[2:])), "solved", "steps", "seconds") == [wanted]


def test_runs_that_never_converged_are_named_in_notes(five_seeds):
    assert convergence_table(cells(five_seeds)).notes[-3:] == [
        "ntm on copy, seed 2: not converged after 31,250 steps",
        "ntm on copy, seed 3: diverged after 612 steps",
        f"ntm on copy, seed 4: failed after 0 steps: Traceback (run {five_seeds[4].key[:12]})",
    ]


def test_seconds_of_several_backends_say_so(make_record, make_failed_record):
    records = [make_record(backend="native"), make_record(task="repeat_copy", backend="native")]
    assert not any("backend" in note for note in convergence_table(cells([*records, make_failed_record("dnc")])).notes)
    notes = convergence_table(cells([*records, make_record("lstm", backend="eager")])).notes
    assert (
        "seconds are those of several backends: eager of lstm on copy; native of ntm on copy, ntm on repeat_copy"
        in notes
    )


def test_what_the_numbers_are_the_rule_and_the_one_protocol_stand_in_notes(make_record):
    assert convergence_table(cells(seeds(make_record, 400, 600))).notes == [
        "solved: seeds that met the task's rule; steps, seconds: Kaplan-Meier median of training until then",
        "rule: less than 0.1 wrong bits a sequence, at the first such evaluation; "
        "final: that score at the last evaluation",
        INTERVALS,
        SHARES,
        "protocol collier2018",
    ]


def test_every_rule_stands_in_a_note_with_its_tasks(make_record, make_ngrams_record):
    records = [make_record("ntm"), make_record("lstm"), make_record(task="repeat_copy"), make_ngrams_record()]
    rules = [
        note.partition(", at the first")[0] for note in convergence_table(cells(records)).notes if note[:4] == "rule"
    ]
    assert rules == [
        "rule of copy, repeat_copy: less than 0.1 wrong bits a sequence",
        "rule of dynamic_ngrams: less than 1 bits a sequence above the Bayes loss",
    ]


def test_several_protocols_stand_in_the_labels(make_record):
    table = convergence_table(cells([make_record(), make_record(protocol="collier2018:batch_size=64")]))
    assert cells_of(table, "model") == [["ntm (collier2018)"], ["ntm (collier2018:batch_size=64)"]]
    assert not any(note.startswith("protocol") for note in table.notes)


def test_rows_of_two_distributions_can_be_told_apart(make_record):
    first, second = cells_of(convergence_table(cells([make_record(), make_record(distribution="other")])), "model")
    assert first != second


def test_no_records_make_an_empty_table():
    assert (convergence_rows(cells([])), convergence_table(cells([])).rows) == ([], [])


def test_a_model_with_a_training_of_its_own_is_marked_and_a_note_says_why(make_record):
    own = make_record("acme", own_training=["training_step"])
    table = convergence_table(cells([own, make_record("acme", seed=1), make_record("ntm")]))
    assert cells_of(table, "model") == [["acme ‡"], ["ntm"]]
    assert "‡ trains by its own optimiser or training step, not the protocol's" in table.notes
