"""Models that are not installed here. Other faults of identity: test_tampering.py."""

import pytest

from mann_bench.leaderboard.checks.identity import check_identity
from mann_bench.results.keys import record_key


@pytest.fixture
def record(make_sound, smoke_runs):
    return make_sound(smoke_runs[0])


def test_a_model_of_a_plugin_that_is_not_here_is_let_pass(record, rules):
    units = {"given": {"units": "16"}, "options": {"units": 16}}
    model = record.model.model_copy(
        update={"name": "acme", "text": "acme:units=16", "distribution": "acme-memory", **units}
    )
    changed = record.model_copy(update={"model": model})
    changed = changed.model_copy(update={"key": record_key(changed)})
    assert list(check_identity(changed, rules)) == []


def test_a_text_that_hides_an_option_is_not(record, rules):
    model = record.model.model_copy(update={"text": "acme:units=17", "name": "acme", "options": {"units": 16}})
    changed = record.model_copy(update={"model": model})
    changed = changed.model_copy(update={"key": record_key(changed)})
    assert [finding.name for finding in check_identity(changed, rules)] == ["wrong-model"]
