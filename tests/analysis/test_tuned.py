from mann_bench.analysis.cells import cells
from mann_bench.analysis.convergence import convergence_row
from mann_bench.analysis.ranking import Subject
from mann_bench.analysis.rows import flat
from mann_bench.analysis.tuned import Tuned, tuned_text
from mann_bench.core.runs import CellName

TUNED = Tuned(rate=0.5, rates=3, runs=9, sequences=7, seconds=1.5)


def under(model, rate):
    return CellName(model, "copy", f"collier2018:learning_rate={rate}")


def test_the_protocol_of_a_tuned_cell_leaves_the_rate_open():
    assert tuned_text("collier2018") == "collier2018:learning_rate=tuned"
    assert tuned_text("collier2018:max_steps=5,learning_rate=0.1") == "collier2018:learning_rate=tuned,max_steps=5"


def test_cells_tuned_to_rates_of_their_own_are_ranked_with_each_other(make_record):
    records = [make_record(model, protocol=under(model, rate).protocol) for model, rate in (("ntm", 0.5), ("dnc", 0.1))]
    made = cells(records, {under("ntm", 0.5): TUNED, under("dnc", 0.1): TUNED})
    assert len({Subject.of(cell) for cell in made}) == 1


def test_a_cell_at_another_rate_than_was_tuned_is_not_tuned(make_record):
    records = [make_record("ntm", protocol=under("ntm", rate).protocol) for rate in (0.5, 0.25)]
    made = cells(records, {under("ntm", 0.5): TUNED})
    assert [cell.tuned for cell in sorted(made, key=lambda cell: cell.protocol)] == [None, TUNED]


def test_the_row_of_a_tuned_cell_has_the_rate_and_what_it_cost(make_record):
    record = make_record("ntm", protocol=under("ntm", 0.5).protocol)
    row = flat(convergence_row(cells([record], {under("ntm", 0.5): TUNED})[0]))
    assert {name: row[name] for name in row if name.startswith("tuned")} == {
        "tuned_rate": 0.5, "tuned_rates": 3, "tuned_runs": 9, "tuned_sequences": 7, "tuned_seconds": 1.5,
    }  # fmt: skip


def test_the_row_of_another_cell_has_no_such_columns(make_record):
    assert not any(name.startswith("tuned") for name in flat(convergence_row(cells([make_record()])[0])))
