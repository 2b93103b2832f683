from mann_bench.analysis.cells import cells
from mann_bench.analysis.labels import cell_labels, with_protocol

OTHER = "collier2018:batch_size=64"


def labels(*records):
    return cell_labels(cells(records))


def test_no_cells_have_no_labels():
    assert labels() == []


def test_a_cell_is_named_by_its_model_as_it_is(make_record):
    assert labels(make_record("ntm:memory_slots=64"), make_record("lstm")) == ["lstm", "ntm:memory_slots=64"]


def test_cells_of_several_protocols_name_theirs(make_record):
    assert labels(make_record(), make_record("lstm", protocol=OTHER)) == [f"lstm ({OTHER})", "ntm (collier2018)"]


def test_cells_that_read_alike_name_their_origin(make_record):
    named = labels(make_record("ntm"), make_record("ntm", distribution="other"), make_record("lstm"))
    assert named[0] == "lstm"
    assert sorted(named[1:]) == [
        "ntm [mann-bench ntm v1, mann-bench copy v1]",
        "ntm [other ntm v1, mann-bench copy v1]",
    ]


def test_a_model_on_two_tasks_needs_no_origin(make_record):
    assert labels(make_record(task="copy"), make_record(task="repeat_copy")) == ["ntm", "ntm"]


def test_any_name_gets_the_protocol_of_a_cell_where_there_are_several(make_record):
    made = cells([make_record(), make_record(protocol=OTHER)])
    assert [with_protocol("Bayes", cell, made) for cell in made] == ["Bayes (collier2018)", f"Bayes ({OTHER})"]
    assert with_protocol("Bayes", made[0], made[:1]) == "Bayes"
