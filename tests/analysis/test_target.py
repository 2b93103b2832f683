"""The greatest training size alone tells when a run converged on the target task."""

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.convergence import convergence_row
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
