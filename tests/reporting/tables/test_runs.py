from mann_bench.analysis.cells import cells
from mann_bench.analysis.runs import failure, run_rows
from mann_bench.reporting.tables.runs import MOST_LISTED, runs_table

TRACEBACK = 'Traceback (most recent call last):\n  File "model.py", line 1\nZeroDivisionError: \x1b[31mby zero\n\n'


def test_every_run_has_a_line_with_the_digits_of_its_key(make_record):
    records = [make_record("lstm", seed=1), make_record(seed=1), make_record(seed=0)]
    table = runs_table(cells(records))
    assert [row[:3] for row in table.rows] == [["copy", "lstm", "1"], ["copy", "ntm", "0"], ["copy", "ntm", "1"]]
    assert [row[3] for row in table.rows] == [records[place].key[:12] for place in (0, 2, 1)]


def test_why_a_run_failed_is_the_last_line_of_its_traceback(make_failed_record):
    record = make_failed_record().model_copy(update={"error": TRACEBACK})
    assert failure(record) == r"ZeroDivisionError: \x1b[31mby zero"
    assert runs_table(cells([record])).rows[0][4] == r"failed: ZeroDivisionError: \x1b[31mby zero"
    assert run_rows(cells([record]))[0].failure == failure(record)


def test_a_run_that_did_not_fail_has_no_reason(make_record):
    assert failure(make_record()) is None
    assert runs_table(cells([make_record(converged_at=None)])).rows[0][4] == "not converged"


def test_of_very_many_runs_the_first_are_listed_for_people_and_all_as_data(make_record):
    records = [make_record(seed=seed) for seed in range(MOST_LISTED + 7)]
    table = runs_table(cells(records))
    assert (len(table.rows), len(run_rows(cells(records)))) == (MOST_LISTED, MOST_LISTED + 7)
    assert table.notes[-1].startswith("7 more runs: --table runs")
