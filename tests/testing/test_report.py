import json
import re

import pytest

from mann_bench.core.specs import ExpectedFailure
from mann_bench.testing import Result, Status, find_cases, run_case
from mann_bench.testing.report import markdown, summary


@pytest.fixture
def result_of(registry_with):
    """Return a function that checks one clause of a model."""

    def check(clause, target="broken_models:Sound", **fields):
        cases = find_cases(["acme"], registry_with(target, **fields))
        return run_case(next(case for case in cases if case.clause.name == clause))

    return check


def results(*statuses):
    return [Result("acme", "acme-memory 3.1", f"clause{i}", "Asks.", s, 0.25, "") for i, s in enumerate(statuses)]


def test_a_clause_that_is_met_passes(result_of):
    result = result_of("causal")
    assert (result.variant, result.distribution, result.clause) == ("acme", "acme-memory 3.1", "causal")
    assert (result.status, result.note) == (Status.PASSED, "")


def test_what_a_clause_reports_is_its_note(result_of):
    assert result_of("counts").note == "164 parameters, 48 bytes of state a sequence"


def test_a_clause_that_is_not_met_fails_with_its_message(result_of):
    result = result_of("causal", "broken_models:Peeking")
    assert (result.status, result.note[:18]) == (Status.FAILED, "inputs from step 1")


def test_a_model_that_ends_the_program_fails_its_clause(result_of):
    result = result_of("causal", "broken_models:Exits")
    assert (result.status, "SystemExit was raised: 0" in result.note) == (Status.FAILED, True)


def test_a_training_of_the_models_own_is_told_and_allowed(result_of):
    result = result_of("api", "broken_models:OwnTraining")
    assert result.status is Status.PASSED
    assert result.note.startswith("its own training_step, clip_gradient_norm: not the protocol's")


def test_hooks_of_the_models_own_are_told_and_allowed(result_of):
    result = result_of("hooks", "broken_models:Annealed")
    assert (result.status, result.note) == (
        Status.PASSED,
        "its own on_train_batch_start: records and pages name them",
    )


def test_the_speed_is_a_time_and_a_share_of_another_time(result_of):
    note = r"a training step takes [\d.]+ ms, [\d.]+ times as long as the built-in LSTM's, [\d.]+ ms"
    assert re.fullmatch(note, result_of("speed").note)


def test_the_speed_of_a_model_with_two_optimisers_is_told_too(result_of):
    assert result_of("speed", "broken_models:OwnOptimizers").status is Status.PASSED


def test_what_a_model_raises_is_told_with_its_traceback_from_where_the_kit_called_it(result_of):
    result = result_of("builds", "broken_models:FixedChannels")
    lines = result.traceback.splitlines()
    assert "See the traceback" in result.note
    assert (lines[0], lines[-1][:13]) == ("Traceback (most recent call last):", "RuntimeError:")
    assert "broken_models.py" in result.traceback
    assert "mann_bench/testing" not in result.traceback


def test_what_the_kit_itself_finds_has_no_traceback(result_of):
    assert result_of("causal", "broken_models:Peeking").traceback == ""


def test_a_declared_failure_is_expected_with_its_reason(result_of):
    declared = ExpectedFailure("causal", "it reads both ways")
    result = result_of("causal", "broken_models:Peeking", expected_failures=(declared,))
    assert (result.status, result.note) == (Status.EXPECTED, "it reads both ways")


def test_a_declared_failure_that_passes_is_a_failure(result_of):
    result = result_of("causal", expected_failures=(ExpectedFailure("causal", "it reads both ways"),))
    assert result.status is Status.FAILED
    assert "Remove the declaration" in result.note


def test_a_clause_without_anything_to_check_is_skipped_with_the_reason(result_of):
    result = result_of("backends")
    assert (result.status, result.note) == (Status.SKIPPED, "the model has no native recurrence")


@pytest.mark.parametrize("clause", ["specs", "causal"])
def test_without_a_requirement_nothing_passes(result_of, clause):
    result = result_of(clause, requires=("no_such_package",))
    assert (result.status, result.note) == (Status.UNAVAILABLE, "needs no_such_package, which is not installed")


def test_the_summary_counts_what_occurred():
    assert summary(results(Status.PASSED, Status.SKIPPED, Status.PASSED)) == "2 passed, 1 skipped"


def test_the_line_has_clause_outcome_time_and_note():
    result = results(Status.FAILED)[0]._replace(note="seen. Expected: other.")
    assert result.line == "  clause0             failed        0.25 s  seen. Expected: other."


def test_the_data_is_json():
    data = json.loads(json.dumps(results(Status.PASSED)[0].data()))
    assert data["status"] == "passed"
    assert data["seconds"] == 0.25


def test_the_markdown_has_a_table_a_variant():
    second = [result._replace(variant="other", note="a | b\nc") for result in results(Status.FAILED)]
    lines = markdown([*results(Status.PASSED), *second]).splitlines()
    assert "### acme (acme-memory 3.1): 1 passed" in lines
    assert "| clause0 | passed | Asks. |" in lines
    assert "### other (acme-memory 3.1): 1 failed" in lines
    assert "| clause0 | **failed** | a \\| b c |" in lines


def test_the_markdown_has_each_traceback_once():
    raised = [result._replace(traceback="Traceback\nValueError") for result in results(*[Status.FAILED] * 2)]
    text = markdown(raised)
    assert "Traceback of clause0, clause1:\n\n```text\nTraceback\nValueError\n```\n" in text
    assert text.count("ValueError") == 1
