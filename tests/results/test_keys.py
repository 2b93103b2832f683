import pytest

from mann_bench.results.keys import record_key
from mann_bench.results.store import load_record


def test_the_key_of_a_record_is_that_of_its_run(make_record):
    record = make_record("ntm:memory_slots=64", "copy", 3, protocol="collier2018:learning_rate=0.5")
    assert record_key(record) == record.key


def test_what_was_typed_and_how_it_ended_leave_it_alone(make_record):
    record = make_record()
    changed = record.model_copy(update={"steps": 1, "model": record.model.model_copy(update={"text": "other"})})
    assert record_key(changed) == record.key


@pytest.mark.parametrize("changes", [{"seed": 5}, {"convergence": {"metric": "bit_errors", "below": 0.2}}])
def test_what_was_run_changes_it(make_record, changes):
    content = make_record().model_dump() | changes
    assert record_key(type(make_record()).model_validate(content)) != content["key"]


def test_it_is_the_same_after_a_file(make_record, tmp_path):
    record = make_record("ntm:memory_slots=64", protocol="collier2018:learning_rate=0.0000001")
    (tmp_path / "record.json").write_text(record.model_dump_json())
    assert record_key(load_record(tmp_path / "record.json")) == record.key
