"""Options without words: a warning for plugins of API 1, a failure for all others."""

import dataclasses

import pytest

from mann_bench.testing import Status, find_cases, run_case

UNEXPLAINED = ["broken_models:Swallowing", "broken_tasks:Unexplained"]


@pytest.fixture
def explained(registry_with):
    """Return a function that gives the result of the clause for a class whose plugin has some fields changed."""

    def check(target, **fields):
        registry = registry_with(target)
        entries = registry.models if target.startswith("broken_models") else registry.tasks
        entry = entries["acme"]
        entries["acme"] = dataclasses.replace(entry, plugin=dataclasses.replace(entry.plugin, **fields))
        (case,) = (case for case in find_cases(["acme"], registry) if case.clause.name == "explained")
        return run_case(case)

    return check


@pytest.mark.parametrize("fields", [{"api": 2}, {"distribution": "mann-bench"}])
@pytest.mark.parametrize("target", UNEXPLAINED)
def test_an_option_without_words_fails(explained, target, fields):
    result = explained(target, **fields)
    assert result.status is Status.FAILED
    assert f"the docstring of {target.partition(':')[2]} says nothing on " in result.note
    assert "what it is, its unit, its range'" in result.note


@pytest.mark.parametrize("target", UNEXPLAINED)
def test_under_plugin_api_1_it_is_a_warning(explained, target):
    result = explained(target)
    assert result.status is Status.PASSED
    assert result.note.startswith(f"warning: the docstring of {target.partition(':')[2]} says nothing on ")


@pytest.mark.parametrize("target", ["broken_models:Sound", "broken_tasks:Sound"])
def test_options_with_words_pass_without_a_note(explained, target):
    result = explained(target, api=2)
    assert (result.status, result.note) == (Status.PASSED, "")
