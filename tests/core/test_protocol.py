import dataclasses
import json
import math
from pathlib import Path

import pytest

from mann_bench.core.protocol import Protocol

COUNTS = {
    "batch_size": 1,
    "max_steps": 1,
    "evaluate_every": 1,
    "validation_sequences": 1,
    "grace": 0,
    "probe_every": 0,
    "probe_sequences": 1,
    "test_sequences": 1,
    "warmup_steps": 0,
}
LATER = {"syllabus": "naive", "grace_after": "both", "weight_decay": 0.1, "warmup_steps": 3, "schedule": "cosine"}
LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"


def test_the_defaults_are_those_of_collier_and_beel():
    protocol = Protocol()
    assert (protocol.name, protocol.optimizer, protocol.learning_rate) == ("collier2018", "adam", 1e-3)
    assert (protocol.batch_size, protocol.gradient_clip_norm, protocol.evaluate_every) == (32, 50.0, 200)


def test_the_budget_is_a_million_sequences():
    assert Protocol().max_steps * Protocol().batch_size == 1_000_000


@pytest.mark.parametrize(("field", "least"), COUNTS.items())
def test_a_count_may_be_as_low_as_its_bound(field, least):
    assert getattr(Protocol(**{field: least}), field) == least


@pytest.mark.parametrize(("field", "least"), COUNTS.items())
def test_a_count_below_its_bound_is_an_error_that_names_it(field, least):
    with pytest.raises(ValueError, match=f"{field} must be at least {least}, not {least - 1}"):
        Protocol(**{field: least - 1})


def test_every_whole_number_but_the_version_is_checked():
    numbers = {field.name for field in dataclasses.fields(Protocol) if isinstance(field.default, int)}
    assert numbers - {"version"} == set(COUNTS)


@pytest.mark.parametrize("value", [0.0, -1e-3, math.inf, math.nan])
def test_a_learning_rate_that_is_no_positive_number_is_an_error(value):
    with pytest.raises(ValueError, match="learning_rate must be a positive number"):
        Protocol(learning_rate=value)


@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan])
def test_a_momentum_outside_its_range_is_an_error(value):
    with pytest.raises(ValueError, match=r"momentum must be in \[0, 1\)"):
        Protocol(momentum=value)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_clip_norm_that_is_no_positive_number_is_an_error(value):
    with pytest.raises(ValueError, match="gradient_clip_norm must be positive or none"):
        Protocol(gradient_clip_norm=value)


def test_gradients_may_be_left_unclipped():
    assert Protocol(gradient_clip_norm=None).gradient_clip_norm is None


def test_a_protocol_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Protocol().max_steps = 1


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_a_weight_decay_that_is_no_decay_is_an_error(value):
    with pytest.raises(ValueError, match="weight_decay must be 0 or a positive number, not"):
        Protocol(weight_decay=value)


def test_weight_decay_is_that_of_adam_alone():
    with pytest.raises(ValueError, match="it needs optimizer=adam, not rmsprop"):
        Protocol(weight_decay=0.1, optimizer="rmsprop")


@pytest.mark.parametrize("warmup", [10, 11])
def test_a_warm_up_that_is_no_shorter_than_the_budget_is_an_error(warmup):
    with pytest.raises(ValueError, match=f"warmup_steps must be below max_steps, 10, not {warmup}"):
        Protocol(max_steps=10, warmup_steps=warmup)


@pytest.mark.parametrize(("field", "value"), LATER.items())
def test_a_younger_field_is_recorded_only_where_it_is_not_at_its_default(field, value):
    assert field not in Protocol().recorded()
    assert Protocol(**{field: value}).recorded()[field] == value


def test_all_fields_but_the_first_ones_are_younger_than_committed_records():
    file = next(LEADERBOARDS.glob("collier-beel-2018-short/*/records/*.json"))
    known = {*json.loads(file.read_bytes())["protocol"]["fields"], "name", "version"}
    assert {field.name for field in dataclasses.fields(Protocol)} - known == set(LATER)


def test_committed_records_state_their_protocols_as_they_would_today():
    for entry in sorted(LEADERBOARDS.glob("*/*/records")):
        stated = json.loads(next(iter(sorted(entry.glob("*.json")))).read_bytes())["protocol"]
        fields = {"name": stated["name"], "version": stated["version"], **stated["fields"]}
        assert Protocol(**fields).recorded() == fields
