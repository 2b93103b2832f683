import math
from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from enum import StrEnum

import pytest

from mann_bench.analysis.rows import MERGED, PROVENANCE, CellRow, Row, Share, flat, without_provenance
from mann_bench.statistics.interval import Estimate, Interval
from mann_bench.statistics.medians import METHOD, median_estimate
from mann_bench.statistics.permutation import log_rank_test
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.statistics.ranks import Rank
from mann_bench.statistics.ratio import Ratio
from mann_bench.statistics.survival import Durations

WORDS = "75 % order statistics over seeds, n = 3"


def interval(low, high):
    return Interval(low, high, METHOD, 0.75, 3)


def flattened(**values):
    """The columns of a row with these fields."""
    made = make_dataclass("Made", list(values), bases=(Row,), frozen=True, kw_only=True)
    return flat(made(**values))


def test_an_estimate_has_a_column_for_each_bound_and_for_how_they_were_made():
    assert flattened(steps=Estimate(2.0, interval(1.0, 3.0))) == {
        "steps_median": 2.0,
        "steps_low": 1.0,
        "steps_high": 3.0,
        "steps_interval": WORDS,
    }


def test_what_lies_beyond_every_budget_is_none():
    row = flattened(steps=Estimate(math.inf, interval(400.0, math.inf)))
    assert (row["steps_low"], row["steps_median"], row["steps_high"]) == (400.0, None, None)


def test_one_seed_has_a_value_alone():
    wanted = {"steps_median": 3.0, "steps_low": None, "steps_high": None, "steps_interval": None}
    assert flattened(steps=median_estimate([3.0])) == wanted


@pytest.mark.parametrize(
    ("value", "number"), [(0.0, 0.0), (-2.5, -2.5), (math.inf, None), (-math.inf, None), (math.nan, None)]
)
def test_only_finite_numbers_are_data(value, number):
    assert flattened(value=value) == {"value": number}


def test_a_share_has_its_exact_interval():
    low, high = clopper_pearson(4, 5)[:2]
    assert flattened(solved=Share.of(4, 5)) == {
        "solved": 4,
        "solved_low": low,
        "solved_high": high,
        "solved_interval": "95 % Clopper-Pearson, n = 5",
    }


def test_the_share_of_one_seed_has_no_interval():
    wanted = {"solved": 1, "solved_low": None, "solved_high": None, "solved_interval": None}
    assert flattened(solved=Share.of(1, 1)) == wanted


def test_a_ratio_has_a_column_for_each_bound():
    assert flattened(ratio=Ratio(0.5, math.inf, interval(0.25, math.inf))) == {
        **{"ratio_at_least": 0.5, "ratio_at_most": None},
        **{"ratio_low": 0.25, "ratio_high": None, "ratio_interval": WORDS},
    }


def test_a_test_has_a_column_for_each_number_and_for_how_it_was_made():
    test = log_rank_test(Durations.of([1, 2], 10), Durations.of([3, 4], 10))
    assert flattened(test=test) == {
        **{"p_value": pytest.approx(1 / 3), "least_p_value": pytest.approx(1 / 3)},
        "test": test.words(),
    }


def test_a_rank_has_a_column_for_each_of_its_ends():
    assert flattened(rank=Rank(1, 3)) == {"rank_best": 1, "rank_worst": 3}


def test_the_columns_of_a_mapping_have_the_names_of_its_keys():
    row = flattened(size="20x3", dimensions={"length": 20, "repeats": 3}, scores={"bits": Estimate(0.5, None)})
    assert list(row)[:4] == ["size", "length", "repeats", "bits_median"]


@dataclass(frozen=True, kw_only=True)
class Part:
    total: Estimate = field(metadata=MERGED)
    budget: float
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Whole(Row):
    steps: Part
    own: Part = field(metadata=MERGED)
    rest: Part | None = None
    extra: Mapping[str, int] | None = None


def test_the_columns_of_a_part_have_its_name_before_theirs_unless_it_is_merged():
    part = Part(total=Estimate(0.5, None), budget=2.0)
    ends = ("median", "low", "high", "interval")
    steps = [*(f"steps_{end}" for end in ends), "steps_budget"]
    assert list(flat(Whole(steps=part, own=part))) == [*steps, *(f"_{end}" for end in ends), "budget"]


def test_a_field_that_is_none_by_default_has_no_column():
    assert flattened(size=None) == {"size": None}
    part = Part(total=Estimate(0.5, None), budget=2.0, note="told")
    assert "steps_note" in flat(Whole(steps=part, own=part))
    assert "steps_note" not in flat(Whole(steps=Part(total=part.total, budget=2.0), own=part))


def test_an_enum_is_plain_text():
    colour = StrEnum("colour", ["RED"])
    assert type(flattened(colour=colour.RED)["colour"]) is str


def test_entries_and_pages_state_no_provenance():
    row = CellRow(task="copy", model="ntm", protocol="collier2018", origin="mann-bench")
    assert (flat(row).keys() - without_provenance(row).keys()) == {"origin"} < PROVENANCE
