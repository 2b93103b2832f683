import json
import math
from pathlib import Path
from types import MappingProxyType

import pydantic
import pytest

from mann_bench.core.errors import StoreError
from mann_bench.core.events import CurvePoint, SizeScores
from mann_bench.core.protocol import Protocol
from mann_bench.core.sizes import GridPoint
from mann_bench.results import schema
from mann_bench.results.schema import CurveRow, GridRow, ProbeRow, ProtocolRecord, Record, SizeRow
from mann_bench.results.store import load_record

ROOT = Path(__file__).parents[2]
MODELS = [each for each in vars(schema).values() if isinstance(each, type) and issubclass(each, pydantic.BaseModel)]
FIELDS = [(model, name) for model in MODELS for name in model.model_fields]


def test_a_record_survives_json(make_record):
    record = make_record(sizes=[({"length": 10, "repeats": 20}, 1.5, 0.25), ({"length": 20, "repeats": 10}, 0.1, 0.9)])
    assert Record.model_validate_json(record.model_dump_json()) == record


def test_a_probe_and_a_divergence_survive_json(make_record):
    row = {"size": {"length": 40}, "sequences": 64, "scores": {"bit_errors": 3.25}}
    divergence = {"step": 412, "culprit": "controller.weight"}
    record = make_record(outcome="diverged", probe=[{"step": 200, "rows": [row]}], divergence=divergence)
    assert Record.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize("value", [None, True, 3, 0.25, "learned", "none", "3", ""])
def test_an_option_keeps_its_value_and_its_type(make_record, value):
    record = make_record()
    record = record.model_copy(update={"model": record.model.model_copy(update={"options": {"it": value}})})
    back = Record.model_validate_json(record.model_dump_json()).model.options["it"]
    assert (back, type(back)) == (value, type(value))


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_score_that_is_not_finite_survives_json(value):
    row = CurveRow(step=1, sequences=2, training_seconds=0.5, scores={"loss_bits": value})
    assert repr(CurveRow.model_validate_json(row.model_dump_json()).scores["loss_bits"]) == repr(value)


def test_a_score_that_is_not_finite_leaves_the_file_valid_json():
    row = CurveRow(step=1, sequences=2, training_seconds=0.5, scores={"a": math.nan, "b": -math.inf})
    assert json.loads(row.model_dump_json(), parse_constant=pytest.fail)["scores"] == {"a": "NaN", "b": "-Infinity"}


def test_an_unknown_field_is_refused(make_record):
    content = make_record().model_dump() | {"nonsense": 1}
    with pytest.raises(pydantic.ValidationError, match=r"nonsense\n  Extra inputs are not permitted"):
        Record.model_validate(content)


def test_an_unknown_field_further_down_is_refused(make_record):
    content = make_record().model_dump()
    content["curve"][0]["nonsense"] = 1
    with pytest.raises(pydantic.ValidationError, match=r"curve.0.nonsense\n  Extra inputs are not permitted"):
        Record.model_validate(content)


@pytest.mark.parametrize("name", [name for name, field in Record.model_fields.items() if field.is_required()])
def test_no_field_of_the_first_records_may_be_absent(make_record, name):
    content = make_record().model_dump()
    del content[name]
    with pytest.raises(pydantic.ValidationError, match=rf"{name}\n  Field required"):
        Record.model_validate(content)


@pytest.mark.parametrize("key", ["", "0" * 63, "A" * 64, "0" * 65, "../" + "0" * 61])
def test_a_key_is_64_hexadecimal_digits(make_record, key):
    with pytest.raises(pydantic.ValidationError, match="key"):
        make_record(key=key)


def test_a_record_cannot_be_changed(make_record):
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        make_record().seed = 1


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=[f"{model.__name__}.{name}" for model, name in FIELDS])
def test_every_field_is_described(model, name):
    assert model.model_fields[name].description


def test_the_published_schema_is_that_of_the_code():
    made = json.dumps(Record.model_json_schema(), indent=2) + "\n"
    assert (ROOT / "docs" / "record.schema.json").read_text(encoding="utf-8") == made, "write the file anew"


def test_a_record_of_version_1_still_loads():
    record = load_record(Path(__file__).with_name("historic") / "record-v1.json")
    assert record.text == "ntm:memory_init=random,memory_slots=64 on repeat_copy:layout=collier2018, seed 3"
    assert (record.outcome, record.converged_first, record.converged_row().sequences) == ("diverged", 400, 12_800)
    assert math.isnan(record.generalization[1].scores["loss_bits"])


def test_a_record_of_version_1_written_again_is_as_it_was_but_for_fields_that_came_later():
    path = Path(__file__).with_name("historic") / "record-v1.json"
    record = load_record(path)
    assert record.model_dump_json(indent=1, exclude_unset=True) == path.read_text(encoding="utf-8")
    assert (record.details, [row.diagnostics for row in record.curve]) == ({}, [{} for _ in record.curve])


def test_the_text_names_model_task_and_seed(make_record):
    assert make_record("lstm:layers=2", "copy", 7).text == "lstm:layers=2 on copy, seed 7"


def test_the_converged_row_is_that_of_the_first_convergence(make_record):
    assert make_record(converged_at=400, converged_confirmed=600).converged_row().step == 400


def test_a_run_that_never_converged_has_no_converged_row(make_record):
    assert make_record(converged_at=None).converged_row() is None


def test_only_fields_that_came_later_have_a_default():
    optional = [name for model, name in FIELDS if not model.model_fields[name].is_required()]
    assert optional == [
        "diagnostics", "target_scores", "symbols", "spread",
        "cpu_capability", "blas", "rounding", "compiler", "settings", "syllabus", "training_range", "grid",
        "all_parameters", "details", "own_training", "own_hooks", "backend", "initial_weights",
    ]  # fmt: skip


def test_what_a_model_states_about_itself_survives_json(make_record):
    record = make_record(details={"units": 124, "kind": "fused", "ratio": 0.5})
    assert Record.model_validate_json(record.model_dump_json()).details == record.details


def test_a_training_of_the_models_own_survives_json(make_record):
    record = make_record(own_training=["training_step"])
    assert Record.model_validate_json(record.model_dump_json()).own_training == ["training_step"]


@pytest.mark.parametrize("methods", [["forward"], ["training_step"] * 6])
def test_only_methods_that_train_can_be_a_training_of_the_models_own(make_record, methods):
    with pytest.raises(pydantic.ValidationError, match="own_training"):
        make_record(own_training=methods)


def test_a_record_without_a_training_of_its_own_says_so_by_default(make_record):
    assert (make_record().own_training, make_record().own_hooks) == ([], [])


def test_hooks_of_the_models_own_survive_json(make_record):
    record = make_record(own_hooks=["on_train_batch_start"])
    assert Record.model_validate_json(record.model_dump_json()).own_hooks == ["on_train_batch_start"]


@pytest.mark.parametrize("hooks", [["<b>"], ["On"], [""], ["setup"] * 101])
def test_only_names_can_be_hooks_of_the_models_own(make_record, hooks):
    with pytest.raises(pydantic.ValidationError, match="own_hooks"):
        make_record(own_hooks=hooks)


def test_a_curve_row_describes_an_evaluation():
    row = CurveRow.of(CurvePoint(200, 6_400, 1.5, {"bit_errors": 0.25}))
    assert row == CurveRow(step=200, sequences=6_400, training_seconds=1.5, scores={"bit_errors": 0.25})


def test_a_curve_row_tells_what_the_memory_did():
    row = CurveRow.of(CurvePoint(200, 6_400, 1.5, {}, {"read_entropy": 2.5, "gradient_norm": math.inf}))
    assert CurveRow.model_validate_json(row.model_dump_json()).diagnostics == {
        "read_entropy": 2.5,
        "gradient_norm": math.inf,
    }


def test_a_size_row_describes_a_measurement():
    row = SizeRow.of(SizeScores(MappingProxyType({"length": 40}), 64, {"bit_errors": 3.25}))
    assert row == SizeRow(size={"length": 40}, sequences=64, scores={"bit_errors": 3.25})
    assert SizeRow.model_validate_json(row.model_dump_json()) == row


def test_a_probe_row_describes_the_measurements_of_a_grid():
    measured = [SizeScores({"length": length}, 64, {"bit_errors": length / 4}) for length in (20, 40)]
    row = ProbeRow.of(1_000, iter(measured))
    assert (row.step, row.rows) == (1_000, [SizeRow.of(each) for each in measured])


def test_a_grid_row_describes_what_the_task_states():
    row = GridRow.of(GridPoint(MappingProxyType({"length": 40}), {"bit_errors": 160.0}, None))
    assert row == GridRow(size={"length": 40}, chance={"bit_errors": 160.0}, rows_to_remember=None)


def test_a_protocol_record_keeps_name_and_version_beside_the_other_fields():
    record = ProtocolRecord.of(Protocol(max_steps=7), {"max_steps": "7"}, "collier2018:max_steps=7")
    assert (record.name, record.version, record.text) == ("collier2018", 1, "collier2018:max_steps=7")
    assert record.given == {"max_steps": "7"}
    assert Protocol(name=record.name, version=record.version, **record.fields) == Protocol(max_steps=7)


@pytest.fixture
def make_protocol():
    """Return a function that makes the record of a protocol with these fields."""

    def make(**fields):
        return ProtocolRecord(name="mine", version=1, text="mine", given={}, fields=fields)

    return make


@pytest.mark.parametrize("value", [7, 7.0])
def test_a_whole_number_of_a_protocol_is_an_integer(make_protocol, value):
    steps = make_protocol(max_steps=value).integer("max_steps")
    assert (steps, type(steps)) == (7, int)


NOT_WHOLE = (None, True, "7", 7.5, math.inf, math.nan)


@pytest.mark.parametrize("fields", [{}, *({"max_steps": value} for value in NOT_WHOLE)])
def test_what_is_no_whole_number_of_a_protocol_is_named(make_protocol, fields):
    with pytest.raises(StoreError, match="protocol 'mine' of a record: expected a whole number as 'max_steps', not"):
        make_protocol(**fields).integer("max_steps")


@pytest.mark.parametrize("part", [Record, CurveRow, ProbeRow, SizeRow, GridRow])
def test_no_default_is_copied_for_every_row(part):
    assert not [name for name, field in part.model_fields.items() if isinstance(field.default, dict | list)]


def test_rows_that_lack_a_field_share_no_default():
    first, second = (SizeRow(size={"length": 1}, sequences=1, scores={}) for _ in range(2))
    assert first.spread == {}
    assert first.spread is not second.spread
