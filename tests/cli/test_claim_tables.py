import json
import math

import pytest

from mann_bench.cli.claim_tables import claim_json, claim_lines
from mann_bench.statistics.interval import Interval
from mann_bench.statistics.medians import METHOD
from mann_bench.statistics.permutation import Comparison
from mann_bench.studies.claim_text import measured_text, number_text
from mann_bench.studies.claims import ClaimResult, Verdict
from mann_bench.studies.measurement import Count, Measurement
from mann_bench.studies.schema import Claim


def interval(low, high):
    return Interval(low, high, METHOD, 0.96875, 6)


def result(measured=None, verdict=Verdict.UNDECIDED, reason=None, **fields):
    known = {"name": "a-claim", "statement": "So it is.", "metric": "convergence", "model": "ntm", "tasks": ["copy"]}
    return ClaimResult(Claim.model_validate(known | {"at_most": 31_250} | fields), measured, 3, verdict, reason)


@pytest.mark.parametrize(
    ("value", "text"), [(3.14159, "3.142"), (0.5, "0.5"), (31_250.2, "31,250"), (133.75, "133.8"), (math.inf, "inf")]
)
def test_numbers_have_four_digits_or_all_before_the_point(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("measured", "text"),
    [
        (Measurement(3.5, 3.5, interval(2.9, 4.1)), "3.5 [2.9 to 4.1]"),
        (Measurement(3.5, 3.5, None), "3.5"),
        (Measurement(0.0, 0.0, interval(0.0, 0.28)), "0 [0 to 0.28]"),
        (Measurement(6.3, math.inf, interval(4, math.inf)), "> 6.3 [4 or more]"),
        (Measurement(0, 2.5, interval(0, 3)), "< 2.5 [0 to 3]"),
        (Measurement(1.5, 2.5, interval(1, 3)), "1.5 to 2.5 [1 to 3]"),
        (Measurement(0, math.inf, interval(0, math.inf)), "unknown [0 or more]"),
        (Measurement(math.inf, math.inf, interval(math.inf, math.inf)), "inf [inf to inf]"),
    ],
)
def test_a_figure_is_shown_as_far_as_it_is_known(measured, text):
    assert measured_text(measured) == text


def test_a_rate_is_shown_as_a_count_of_runs():
    measured = Measurement(0, 0, interval(0, 0.012), Count(0, 1302))
    assert measured_text(measured) == "0 of 1,302 runs [0 to 0.012]"
    assert measured_text(measured._replace(interval=None)) == "0 of 1,302 runs"


def test_a_claim_is_a_row_beside_its_published_figure():
    lines = list(claim_lines([result(Measurement(160, 160, interval(120, 180)), Verdict.REPRODUCED, published=150.0)]))
    assert lines[:2] == [
        "claim    published  reproduced where  measured          n  verdict     statement",
        "a-claim  150        at most 31,250    160 [120 to 180]  3  reproduced  So it is.",
    ]
    assert lines[-1] == "1 reproduced, 0 not reproduced, 0 undecided."


TEST = Comparison(-1, 0.0004, 1.1e-05, (10, 10), "exact log-rank permutation test")
ORDER = {"metric": "faster", "against": ["lstm"], "at_most": None}


def test_an_order_is_shown_with_the_test_that_decides_it():
    lines = list(claim_lines([result(Measurement(0.95, 0.95, None, test=TEST), Verdict.REPRODUCED, **ORDER)]))
    assert "it is faster" in lines[1]
    assert "first in 95 % of pairs, p = 0.0004" in lines[1]
    assert "p: exact log-rank permutation test, n = 10 and 10, least p 1.1e-05." in lines


def test_a_line_of_json_has_the_p_value_of_an_order():
    row = json.loads(claim_json(result(Measurement(0.95, 0.95, None, test=TEST), **ORDER)))
    assert (row["low"], row["p_value"], row["interval"]) == (0.95, 0.0004, None)
    assert json.loads(claim_json(result(Measurement(1, 1, None))))["p_value"] is None


def test_reasons_and_the_making_of_intervals_stand_below():
    results = [result(Measurement(1, 1, interval(0, 2)), reason="too wide"), result(reason="no runs")]
    assert list(claim_lines(results))[3:] == [
        "",
        "[ ]: 96.9 % order statistics over seeds, n = 6.",
        "a-claim: too wide.",
        "a-claim: no runs.",
        "0 reproduced, 0 not reproduced, 2 undecided.",
    ]


def test_a_claim_on_the_greatest_size_is_told_below():
    lines = list(claim_lines([result(reason="no runs", converged_on="target")]))
    assert lines[-3:-1] == ["a-claim: judged on the greatest training size alone.", "a-claim: no runs."]


def test_no_claims_are_told():
    assert list(claim_lines([])) == ["The study makes no claims."]


def test_a_line_of_json_has_the_claim_and_what_became_of_it():
    row = json.loads(claim_json(result(Measurement(160, 160, interval(120, 180)), Verdict.REPRODUCED)))
    assert (row["name"], row["metric"], row["at_most"]) == ("a-claim", "convergence", 31_250)
    assert (row["low"], row["high"], row["n"], row["verdict"], row["reason"]) == (160, 160, 3, "reproduced", None)
    assert (row["interval"]["low"], row["interval"]["method"]) == (120, METHOD)


def test_a_line_of_json_has_the_count_of_a_rate_and_null_elsewhere():
    rate = result(Measurement(0.25, 0.25, interval(0, 1), Count(1, 4)), metric="solve_rate", at_most=1)
    for made, counted in ((rate, [1, 4]), (result(Measurement(1, 1, None)), [None, None])):
        row = json.loads(claim_json(made))
        assert [row["successes"], row["runs"]] == counted


def test_json_has_no_number_that_is_not_finite():
    row = json.loads(claim_json(result(Measurement(5, math.inf, interval(2, math.inf)))), parse_constant=pytest.fail)
    assert (row["high"], row["interval"]["high"]) == ("Infinity", "Infinity")


def test_what_was_not_measured_is_null():
    row = json.loads(claim_json(result(reason="no runs")))
    assert (row["low"], row["interval"], row["reason"]) == (None, None, "no runs")
