import pydantic
import pytest

from mann_bench.studies.schema import COMPARISONS, CONVERGENCES, RATES, ClaimMetric, Study

ONE_CELL = {"models": ["ntm"], "tasks": ["copy"]}
LEAST = {"name": "a", "version": 1, "summary": "s", "seeds": "0-2", "protocols": ["collier2018"], "cells": [ONE_CELL]}


def test_a_study_may_do_without_claims_and_reference():
    study = Study.model_validate(LEAST)
    assert (study.claims, study.reference) == ([], None)


def test_runs_are_counted_over_cells_protocols_and_seeds():
    cells = [ONE_CELL, {"models": ["ntm", "lstm"], "tasks": ["copy", "repeat_copy"]}]
    study = Study.model_validate(LEAST | {"cells": cells, "protocols": ["p", "q"], "seeds": "0-2"})
    assert study.run_count() == (1 + 4) * 2 * 3


NEEDED = {
    "speed_ratio": {"against": ["lstm"]},
    "faster": {"against": ["lstm"]},
    "convergence": {},
    "solve_rate": {},
    "divergence_rate": {},
    "generalizing_rate": {},
    "test_score": {"score": "bit_errors", "size": {"length": 20}},
    "training_score": {"score": "bit_errors", "sequences": 1000},
    "level": {},
    "level_ratio": {"against": ["lstm"]},
}
TAKEN = {
    metric: fields | ({"converged_on": "target"} if metric in CONVERGENCES else {}) for metric, fields in NEEDED.items()
}
OWN = {name: value for fields in TAKEN.values() for name, value in fields.items()} | {"against_protocols": ["p"]}


def test_every_metric_is_covered():
    assert set(NEEDED) == set(ClaimMetric)


@pytest.mark.parametrize("fields", [NEEDED, TAKEN])
@pytest.mark.parametrize("metric", NEEDED)
def test_a_metric_takes_what_it_needs_and_may_have(make_claim, metric, fields):
    assert make_claim(metric, **fields[metric]).metric == metric


@pytest.mark.parametrize(("metric", "field"), [(metric, field) for metric in NEEDED for field in NEEDED[metric]])
def test_a_field_that_a_metric_needs_must_be_there(make_claim, metric, field):
    given = {name: value for name, value in NEEDED[metric].items() if name != field}
    with pytest.raises(pydantic.ValidationError, match=f"metric '{metric}' needs it") as caught:
        make_claim(metric, **given)
    assert caught.value.errors()[0]["ctx"]["at"] == (field,)


@pytest.mark.parametrize(
    ("metric", "field"),
    [
        (metric, field)
        for metric in NEEDED
        for field in OWN
        if field not in TAKEN[metric] and not (metric in COMPARISONS and field == "against_protocols")
    ],
)
def test_a_field_that_a_metric_does_not_use_is_refused(make_claim, metric, field):
    with pytest.raises(pydantic.ValidationError, match=f"metric '{metric}' does not use it") as caught:
        make_claim(metric, **NEEDED[metric], **{field: OWN[field]})
    assert caught.value.errors()[0]["ctx"]["at"] == (field,)


@pytest.mark.parametrize("metric", COMPARISONS)
def test_a_ratio_is_against_other_models_or_the_same_under_other_protocols(make_claim, metric):
    assert make_claim(metric, against_protocols=["p"]).against is None
    with pytest.raises(pydantic.ValidationError, match="the claim has against, too") as caught:
        make_claim(metric, against=["lstm"], against_protocols=["p"])
    assert caught.value.errors()[0]["ctx"]["at"] == ("against_protocols",)


@pytest.mark.parametrize("field", ["published", "at_least", "at_most"])
def test_an_order_has_no_tolerance(make_claim, field):
    with pytest.raises(pydantic.ValidationError, match="metric 'faster' does not use it") as caught:
        make_claim("faster", against=["lstm"], **{field: 1.0})
    assert caught.value.errors()[0]["ctx"]["at"] == (field,)


@pytest.mark.parametrize("field", ["against", "against_protocols"])
def test_an_order_is_of_two(make_claim, field):
    with pytest.raises(pydantic.ValidationError, match="compares with one variant") as caught:
        make_claim("faster", **{field: ["a", "b"]})
    assert caught.value.errors()[0]["ctx"]["at"] == (field,)


@pytest.mark.parametrize("metric", NEEDED)
def test_only_comparisons_and_rates_take_several_tasks(make_claim, metric):
    fields = NEEDED[metric] | {"tasks": ["copy", "repeat_copy"]}
    if metric in (*RATES, *COMPARISONS):
        assert make_claim(metric, **fields).tasks[1] == "repeat_copy"
    else:
        with pytest.raises(pydantic.ValidationError, match="takes one task"):
            make_claim(metric, **fields)


@pytest.mark.parametrize("field", ["models", "protocols"])
@pytest.mark.parametrize("metric", [metric for metric in NEEDED if metric not in RATES])
def test_only_rates_pool_models_and_protocols(make_claim, metric, field):
    with pytest.raises(
        pydantic.ValidationError, match=f"metric '{metric}' pools no runs. Give one {field[:-1]}"
    ) as caught:
        make_claim(metric, **NEEDED[metric], **{field: ["a", "b"]})
    assert caught.value.errors()[0]["ctx"]["at"] == (field,)


@pytest.mark.parametrize("field", ["models", "protocols"])
def test_one_and_several_at_once_are_refused(make_claim, field):
    with pytest.raises(pydantic.ValidationError, match=f"the claim has a {field[:-1]}, too. Remove one of the two"):
        make_claim("solve_rate", **{field[:-1]: "a", field: ["a", "b"]})


def test_a_claim_is_about_a_model(make_claim):
    with pytest.raises(pydantic.ValidationError, match="it is missing") as caught:
        make_claim("solve_rate", model=None)
    assert caught.value.errors()[0]["ctx"]["at"] == ("model",)


TOLERANCES = {
    "none": ({"at_least": None}, "at_least", "needs at_least, at_most or both"),
    "crossed": ({"at_least": 0.6, "at_most": 0.4}, "at_least", "0.6 is above at_most, 0.4. Exchange them"),
    "published below": ({"at_least": 0.6, "published": 0.5}, "published", "0.5 lies outside"),
    "published above": ({"at_most": 0.6, "published": 0.7}, "published", "0.7 lies outside"),
    "percent": ({"at_least": 50}, "at_least", "50 is no share of the runs. Give a number from 0 to 1"),
}


@pytest.mark.parametrize(("fields", "at", "message"), TOLERANCES.values(), ids=list(TOLERANCES))
def test_a_tolerance_must_make_sense(make_claim, fields, at, message):
    with pytest.raises(pydantic.ValidationError, match=message) as caught:
        make_claim("solve_rate", **fields)
    assert caught.value.errors()[0]["ctx"]["at"] == (at,)


@pytest.mark.parametrize(
    ("low", "high", "tolerated", "excluded"),
    [(2, 6, True, False), (1, 3, False, False), (5, 7, False, False), (0, 1.9, False, True), (6.1, 9, False, True)],
)
def test_an_interval_is_tolerated_excluded_or_neither(make_claim, low, high, tolerated, excluded):
    claim = make_claim("convergence", at_least=2.0, at_most=6.0)
    assert (claim.tolerates(low, high), claim.excludes(low, high)) == (tolerated, excluded)


def test_an_open_end_tolerates_all(make_claim):
    assert make_claim("convergence", at_least=2.0).tolerates(3, float("inf"))
    assert make_claim("convergence", at_most=2.0).tolerates(float("-inf"), 1)
