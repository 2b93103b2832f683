import dataclasses
from dataclasses import replace

import pytest

from mann_bench.core.protocol import Protocol
from mann_bench.core.runs import Outcome

GOLDEN_KEY = "81c60166f09bb256c7eeb4df02009b674845dcb5e3e513f0c26bad32d6c37631"


def other(value):
    """A value of the same type that is not `value`."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return {"adam": "rmsprop", "mix": "both", "constant": "cosine"}.get(value, value + "x")
    return 1.0 if value is None else value + 1 if isinstance(value, int) else value / 2 or 0.5


def test_the_key_is_a_golden_number(run):
    assert run.key == GOLDEN_KEY


def test_the_key_is_the_same_for_an_equal_run(run):
    assert replace(run).key == run.key


@pytest.mark.parametrize("part", ["model", "task"])
@pytest.mark.parametrize("field", ["name", "version", "distribution"])
def test_a_components_name_version_and_distribution_change_the_key(run, part, field):
    component = getattr(run, part)
    changed = replace(component, **{field: other(getattr(component, field))})
    assert replace(run, **{part: changed}).key != run.key


@pytest.mark.parametrize("part", ["model", "task"])
def test_every_option_of_a_component_changes_the_key(run, part):
    component = getattr(run, part)
    keys = {run.key}
    for name, value in component.options.items():
        changed = replace(component, options={**component.options, name: other(value)})
        keys.add(replace(run, **{part: changed}).key)
    assert len(keys) == 1 + len(component.options)


@pytest.mark.parametrize("part", ["model", "task"])
def test_a_further_option_changes_the_key(run, part):
    component = getattr(run, part)
    changed = replace(component, options={**component.options, "new": None})
    assert replace(run, **{part: changed}).key != run.key


def test_true_and_one_are_different_option_values(run):
    keys = {
        replace(run, model=replace(run.model, options={**run.model.options, "trainable": value})).key
        for value in (True, 1, "1", "true")
    }
    assert len(keys) == 4


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Protocol)])
def test_every_field_of_the_protocol_changes_the_key(run, field):
    changed = replace(run.protocol, **{field: other(getattr(run.protocol, field))})
    assert replace(run, protocol=changed).key != run.key


def test_no_clipping_changes_the_key(run):
    assert replace(run, protocol=replace(run.protocol, gradient_clip_norm=None)).key != run.key


@pytest.mark.parametrize("field", ["metric", "below"])
def test_every_field_of_the_convergence_rule_changes_the_key(run, field):
    changed = replace(run.convergence, **{field: other(getattr(run.convergence, field))})
    assert replace(run, convergence=changed).key != run.key


def test_the_seed_changes_the_key(run):
    assert replace(run, seed=4).key != run.key


def test_swapping_the_options_of_model_and_task_changes_the_key(run):
    model, task = replace(run.model, options=run.task.options), replace(run.task, options=run.model.options)
    assert replace(run, model=model, task=task).key != run.key


@pytest.mark.parametrize("part", ["model", "task"])
@pytest.mark.parametrize(("field", "value"), [("distribution_version", "9.9"), ("given", {"slots": "128"})])
def test_versions_of_distributions_and_typed_text_leave_the_key_alone(run, part, field, value):
    changed = replace(getattr(run, part), **{field: value})
    assert replace(run, **{part: changed}).key == run.key


def test_typed_protocol_text_leaves_the_key_alone(run):
    assert replace(run, protocol_given={"max_steps": "31250"}).key == run.key


@pytest.mark.parametrize("part", ["model", "task"])
def test_the_order_of_options_leaves_the_key_alone(run, part):
    component = getattr(run, part)
    turned = replace(component, options=dict(reversed(component.options.items())))
    assert replace(run, **{part: turned}).key == run.key


def test_a_components_text_shows_the_options_that_differ_from_their_defaults(run):
    assert run.model.text == "ntm:clip=none,init=random"


def test_a_component_with_defaults_alone_is_its_name(run):
    assert replace(run.model, options=run.model.defaults).text == "ntm"


def test_a_run_is_named_by_model_task_and_seed(run):
    assert run.text == "ntm:clip=none,init=random on copy:rate=0.25, seed 3"


def test_a_run_that_diverged_or_failed_broke_off():
    assert [outcome for outcome in Outcome if outcome.broke_off] == [Outcome.DIVERGED, Outcome.FAILED]
