from mann_bench.analysis.cells import cells
from mann_bench.analysis.probe import probe_rows
from mann_bench.reporting.tables.probe import probe_table
from mann_bench.reporting.tables.table import INTERVALS, SHARES

UNPROBED = "collier2018:probe_every=0"


def test_the_table_reads_as_its_row(four_seeds):
    table = probe_table(cells(four_seeds))
    assert list(zip(table.columns, table.rows[0], strict=True)) == [
        *(("task", "copy"), ("model", "ntm"), ("longest size", "120"), ("generalise", "2/4 [7, 93 %]")),
        *(("from step", "3,000 [1,000, not reached; 88 %]"), ("by seed", "0: 1,000; 1: 3,000; 2: never; 3: never")),
    ]


def test_where_no_seed_generalises_no_step_is_reached(make_record, make_failed_record, make_probe):
    table = probe_table(cells([make_record(probe=make_probe(0.5)), make_failed_record("lstm")]))
    assert [row[2:5] for row in table.rows] == [["-", "0/1", "not reached"], ["120", "0/1", "not reached"]]


def test_several_protocols_stand_in_the_labels(make_record):
    table = probe_table(cells([make_record(), make_record(protocol="collier2018:batch_size=64")]))
    assert [row[1] for row in table.rows] == ["ntm (collier2018)", "ntm (collier2018:batch_size=64)"]


def test_rows_of_two_distributions_can_be_told_apart(make_record):
    table = probe_table(cells([make_record(), make_record(distribution="other")]))
    assert table.rows[0][1] != table.rows[1][1]


def test_title_and_notes_say_what_the_numbers_are(four_seeds):
    table = probe_table(cells(four_seeds))
    assert table.title == "Generalisation over training"
    assert table.notes == [
        "generalise: seeds with 99 % of the sequences right at the longest size of the grid, or where none can "
        "be right, the task's rule met, in every probe from some step on",
        "from step: its Kaplan-Meier median",
        INTERVALS,
        SHARES,
    ]


def test_one_seed_has_a_note(make_record):
    assert probe_table(cells([make_record()])).notes[-1] == "one seed has no interval"


def test_where_nothing_was_probed_there_is_no_table(make_record):
    assert probe_table(cells([make_record(protocol=UNPROBED)])) is None
    assert (probe_rows(cells([])), probe_table(cells([]))) == ([], None)


def test_a_model_with_a_training_of_its_own_is_marked(make_record):
    table = probe_table(cells([make_record("acme", own_training=["training_step"])]))
    assert table.rows[0][1] == "acme ‡"
    assert table.notes[-1] == "‡ trains by its own optimiser or training step, not the protocol's"
