import json

import pytest

from mann_bench.core.specs import ExpectedFailure
from mann_bench.testing import MODEL_CLAUSES, TASK_CLAUSES

CHECKED = ("specs", "causal", "backends", "streams")


@pytest.fixture
def check(mann_bench, registry_with, monkeypatch):
    """Return a function that checks `acme`, a class of tests/testing/: exit code, stdout, stderr."""

    def call(*arguments, target="broken_models:Sound", names=("acme",), **fields):
        registry = registry_with(target, **fields)
        monkeypatch.setattr("mann_bench.cli.plugin_check_command.registry_of", lambda context: registry)
        for name, clauses in {"MODEL_CLAUSES": MODEL_CLAUSES, "TASK_CLAUSES": TASK_CLAUSES}.items():
            few = tuple(clause for clause in clauses if clause.name in CHECKED)
            monkeypatch.setattr(f"mann_bench.testing.cases.{name}", few)
        return mann_bench("plugin", "check", *names, *arguments)

    return call


def test_a_sound_model_and_a_task_exit_0(check):
    code, out, _ = check(names=("acme", "copy:max_length=3"))
    assert code == 0
    lines = out.splitlines()
    assert [line for line in lines if not line.startswith(" ")][:2] == ["acme", "copy:max_length=3"]
    assert lines[1].startswith("  specs               passed")
    assert lines[-1].startswith("4 passed, 1 skipped in ")


def test_a_clause_that_is_not_met_exits_4_and_says_what_was_seen(check):
    code, out, _ = check(target="broken_models:Peeking")
    assert code == 4
    assert "failed" in out
    assert "inputs from step 1 on change earlier logits" in out


def test_an_expected_failure_exits_0(check):
    code, out, _ = check(target="broken_models:Peeking", expected_failures=(ExpectedFailure("causal", "both ways"),))
    assert code == 0
    assert "both ways" in out


def test_a_missing_requirement_exits_3(check):
    code, out, _ = check(requires=("no_such_package",))
    assert code == 3
    assert "needs no_such_package" in out
    assert "passed" not in out


def test_an_unknown_name_exits_2(check):
    code, _, err = check(names=("acne",))
    assert code == 2
    assert "Did you mean 'acme'" in err


def test_as_json_every_result_is_a_line_on_stdout_alone(check):
    code, out, err = check("--json", target="broken_models:Peeking")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 4
    assert {row["clause"]: row["status"] for row in rows} == {
        "specs": "passed",
        "causal": "failed",
        "backends": "skipped",
    }
    assert "1 passed, 1 failed, 1 skipped" in err


def test_as_markdown_the_report_stands_on_stdout_alone(check):
    code, out, err = check("--markdown")
    assert code == 0
    assert out.startswith("## Conformance\n")
    assert "| causal | passed | Logits depend on the inputs up to their own step alone. |" in out
    assert "2 passed, 1 skipped" in err


def test_json_and_markdown_together_are_an_error(check):
    assert check("--json", "--markdown")[0] == 2


def test_a_traceback_is_printed_once_below_the_clause_that_mentions_it(check):
    code, out, _ = check(target="broken_models:Raising")
    assert code == 4
    assert out.count("Traceback (most recent call last)") == 1
    assert '    raise ValueError("a slip")\n' in out
    assert "    The traceback is that of causal.\n" in out


def test_as_json_a_result_has_its_traceback(check):
    _, out, _ = check("--json", target="broken_models:Raising")
    raised = {row["clause"]: row["traceback"].splitlines()[-1:] for row in map(json.loads, out.splitlines())}
    assert raised == {"specs": [], "causal": ["ValueError: a slip"], "backends": ["ValueError: a slip"]}


def test_what_a_model_prints_is_kept_apart_from_the_results(check):
    code, out, err = check("--json", target="broken_models:Exits")
    assert code == 4
    assert {json.loads(line)["variant"] for line in out.splitlines()} == {"acme"}
    assert "noise" in err
