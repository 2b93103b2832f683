"""The greatest training size alone tells when a run converged on the target task."""

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.convergence import convergence_row
from mann_bench.analysis.rows import flat
from mann_bench.analysis.runs import run_rows
from mann_bench.analysis.target import on_target
from mann_bench.core.errors import UsageError
from mann_bench.core.runs import Outcome


def test_the_target_is_reached_at_its_own_evaluation(told):
    record = told(9.0, 5.0, 0.0, converged_at=400)
    later = on_target(record)
    assert record.curve[2].step == 600
    assert (record.converged_first, later.converged_first, later.outcome) == (400, 600, Outcome.CONVERGED)


def test_a_target_that_was_not_reached_is_censored_where_the_run_ended(told):
    later = on_target(told(9.0, 5.0, 0.5, converged_at=400))
    assert (later.converged_first, later.outcome) == (None, Outcome.NOT_CONVERGED)
    assert convergence_row(cells([later])[0]).solved.successes == 0


def test_a_run_that_diverged_stays_diverged(told):
    divergence = {"step": 612, "culprit": "loss"}
    later = on_target(told(9.0, 0.0, 0.0, converged_at=None, outcome="diverged", divergence=divergence))
    assert (later.outcome, later.converged_first) == (Outcome.DIVERGED, 400)


def test_a_record_of_before_is_refused(make_record):
    with pytest.raises(UsageError, match="does not tell how the greatest training size alone was solved"):
        on_target(make_record())


def test_symbols_until_convergence_are_counted(told):
    assert convergence_row(cells([told(9.0, 5.0, 0.0, converged_at=400)])[0]).symbols.estimate.value == 16_000


def test_records_of_before_have_no_symbols(make_record):
    assert convergence_row(cells([make_record()])[0]).symbols is None


def test_the_text_of_the_task_tells_what_is_judged(told):
    assert on_target(told(9.0, 5.0, 0.0)).task.text == "copy (greatest size)"


def test_a_row_tells_both_convergences(told):
    row = convergence_row(
        cells([told(9.0, 5.0, 0.0, converged_at=400), told(9.0, 5.0, 2.0, seed=1, converged_at=400)])[0]
    )
    assert (row.steps.estimate.value, row.target.steps.estimate.value) == (400, 600)
    assert (row.solved.successes, row.target.solved.successes, row.target.symbols.estimate.value) == (2, 1, 24_000)
    assert flat(row)["target_steps_median"] == 600


def test_a_row_of_a_run_that_failed_at_once_tells_both(told, make_failed_record):
    row = convergence_row(cells([told(9.0, 5.0, 0.0, converged_at=400), make_failed_record(seed=1)])[0])
    assert row.target.solved[:2] == (1, 2)


def test_a_row_of_which_a_record_does_not_tell_the_target_has_no_columns_of_it(told, make_record, make_failed_record):
    for records in ([told(9.0, 5.0, 0.0, converged_at=400), make_record(seed=1)], [make_failed_record()]):
        row = convergence_row(cells(records)[0])
        assert (row.target, [name for name in flat(row) if name.startswith("target")]) == (None, [])


def test_what_is_judged_on_the_target_does_not_tell_it_twice(told):
    assert convergence_row(cells([on_target(told(9.0, 5.0, 0.0))])[0]).target is None


@pytest.mark.parametrize(("errors", "first"), [((9.0, 5.0, 0.0), 600), ((9.0, 5.0, 5.0), None)])
def test_a_run_has_the_step_at_which_it_met_the_target(told, errors, first):
    (row,) = run_rows(cells([told(*errors, converged_at=400)]))
    assert (row.converged_first, row.target_first) == (400, first)


def test_a_run_of_before_has_no_column_of_the_target(make_record):
    assert "target_first" not in flat(run_rows(cells([make_record()]))[0])
