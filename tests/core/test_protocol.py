import dataclasses
import math

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
}


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
