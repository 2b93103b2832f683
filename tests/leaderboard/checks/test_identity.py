"""Models that are not installed here. Other faults of identity: test_tampering.py."""

import dataclasses

import pytest

from mann_bench.execution.plan import Block, make_plan
from mann_bench.leaderboard.checks.identity import check_identity
from mann_bench.results.keys import record_key
from mann_bench.results.schema import ComponentRecord, ProtocolRecord, SyllabusRecord


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


TYPED = [
    "collier2018:syllabus=uniform",
    "collier2018:grace_after=mix,grace=200",
    "collier2018:syllabus=naive,learning_rate=1e-3",
    "collier2018:syllabus~=exponential:batches=100%2Cbelow=0.020,grace_after=both",
]


@pytest.mark.parametrize("typed", TYPED)
def test_a_protocol_may_be_typed_in_many_ways(record, rules, registry, typed):
    run = make_plan(registry, [Block([record.model.text], [record.task.text], [typed])], [0]).runs[0]
    protocol = ProtocolRecord.of(run.protocol, run.protocol_given, run.protocol_text)
    syllabus = run.syllabus and SyllabusRecord(rule=ComponentRecord.of(run.syllabus), sizes=[], course=[])
    changed = record.model_copy(update={"protocol": protocol, "syllabus": syllabus})
    known = dataclasses.replace(rules, protocols={protocol.text: protocol})
    assert list(check_identity(changed, known)) == []


@pytest.mark.parametrize("given", [{"syllabus": "naive"}, {"syllabus": ":"}, {"grace_after": "both"}, {"grace": "1"}])
def test_a_protocol_that_was_typed_as_another_is_not(record, rules, given):
    protocol = record.protocol.model_copy(update={"given": record.protocol.given | given})
    changed = record.model_copy(update={"protocol": protocol})
    assert [finding.place for finding in check_identity(changed, rules)] == ["protocol.given"]


@pytest.mark.parametrize(("field", "method"), [("own_training", "training_step"), ("own_hooks", "on_train_end")])
def test_a_record_that_hides_code_of_the_model_is_refused(record, rules, field, method):
    model = dataclasses.replace(rules.models[record.model.text], **{field: frozenset({method})})
    known = dataclasses.replace(rules, models={record.model.text: model})
    assert [finding.place for finding in check_identity(record, known)] == [field]
    assert list(check_identity(record.model_copy(update={field: [method]}), known)) == []
