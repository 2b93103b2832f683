import itertools
import math
import re

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.comparison import comparison_rows
from mann_bench.analysis.rows import flat
from mann_bench.core.errors import UsageError
from mann_bench.statistics.permutation import log_rank_test
from mann_bench.statistics.ratio import median_ratio
from mann_bench.statistics.survival import Durations

FAST, SLOW, NEVER = (400, 600, 800), (1_200, 1_600, 2_400), (None, None, None)
BUDGET = 31_250


def bounds(row):
    return row.ratio.low, row.ratio.high


def test_a_row_names_what_is_compared(make_seeds):
    (row,) = comparison_rows(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *SLOW)]), "ntm", "lstm")
    assert (row.task, row.protocol, row.first, row.second) == ("copy", "collier2018", "ntm", "lstm")
    assert (row.first_seeds, row.second_seeds, row.budget_steps) == (3, 3, BUDGET)


def test_the_ratio_is_that_of_the_medians(make_seeds):
    (row,) = comparison_rows(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *SLOW)]), "ntm", "lstm")
    assert (row.first_steps_median, row.second_steps_median) == (600, 1_600)
    assert bounds(row) == (1_600 / 600, 1_600 / 600)


def test_the_other_way_round_the_ratio_is_the_inverse(make_seeds):
    (row,) = comparison_rows(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *SLOW)]), "lstm", "ntm")
    assert bounds(row) == (600 / 1_600, 600 / 1_600)


def test_the_interval_of_the_ratio_is_that_of_the_statistics(make_seeds):
    (row,) = comparison_rows(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *SLOW)]), "ntm", "lstm")
    ratio = median_ratio([[Durations.of(SLOW, BUDGET)]], [Durations.of(FAST, BUDGET)])
    assert row.ratio == ratio
    assert flat(row)["ratio_interval"] == ratio.interval.words()


def test_the_test_is_an_exact_log_rank_test(make_seeds):
    # The first three of six runs are all faster: 2 of the 20 splits are as clear, no fewer can be.
    (row,) = comparison_rows(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *SLOW)]), "ntm", "lstm")
    test = log_rank_test(Durations.of(FAST, BUDGET), Durations.of(SLOW, BUDGET))
    assert (row.test, row.test.p_value, row.test.least_p_value) == (test, 0.1, 0.1)
    assert row.difference == pytest.approx((-2_000 - 1_000 - 400) / 3)
    assert flat(row)["test"] == test.words()


def test_which_seed_was_how_fast_does_not_matter(make_seeds):
    one, other = (
        comparison_rows(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *steps)]), "ntm", "lstm")
        for steps in (SLOW, SLOW[::-1])
    )
    assert one == other


def test_what_did_not_converge_counts_as_the_budget_in_the_difference(make_seeds):
    (row,) = comparison_rows(
        cells([*make_seeds("ntm", 400, 600, 800), *make_seeds("lstm", 400, 600, None)]), "ntm", "lstm"
    )
    assert row.difference == pytest.approx((800 - BUDGET) / 3)


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        pytest.param(FAST, NEVER, (BUDGET / 600, math.inf), id="the second never: a lower bound"),
        pytest.param(NEVER, FAST, (0.0, 600 / BUDGET), id="the first never: an upper bound"),
        pytest.param(NEVER, NEVER, (0.0, math.inf), id="neither"),
    ],
)
def test_where_a_median_is_beyond_the_budget_the_ratio_has_bounds(make_seeds, first, second, known):
    (row,) = comparison_rows(cells([*make_seeds("ntm", *first), *make_seeds("lstm", *second)]), "ntm", "lstm")
    assert bounds(row) == known


def test_one_seed_has_a_ratio_without_an_interval(make_seeds):
    (row,) = comparison_rows(cells([*make_seeds("ntm", 400), *make_seeds("lstm", 800)]), "ntm", "lstm")
    assert bounds(row) == (2.0, 2.0)
    assert row.ratio.interval is None


def test_all_seeds_of_each_count(make_seeds):
    (row,) = comparison_rows(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", 1_200, 1_600)[1:]]), "ntm", "lstm")
    assert (row.first_seeds, row.second_seeds, *bounds(row)) == (3, 1, 1_600 / 600, 1_600 / 600)
    assert row.test.n == (3, 1)


def test_a_model_that_met_the_rule_untrained_has_no_ratio(make_seeds, make_record):
    at_once = {"step": 0, "sequences": 0, "training_seconds": 0.0, "scores": {"bit_errors": 0.0}}
    records = [make_record("oracle", converged_at=0, curve=[at_once]), *make_seeds("ntm", 400)]
    (row,) = comparison_rows(cells(records), "oracle", "ntm")
    assert (*bounds(row), row.difference) == (0.0, math.inf, -400)


def test_there_is_a_row_a_task_and_protocol_that_both_ran(make_seeds):
    other = {"protocol": "collier2018:batch_size=64"}
    records = [
        *make_seeds("ntm", *FAST),
        *make_seeds("lstm", *SLOW),
        *make_seeds("ntm", *FAST, **other),
        *make_seeds("lstm", 800, **other),
    ]
    records += [
        *make_seeds("ntm", 400, task="repeat_copy"),
        *make_seeds("lstm", 400, task="sort"),
        *make_seeds("ntm", 400, task="sort"),
    ]
    rows = comparison_rows(cells(records), "ntm", "lstm")
    assert [(row.task, row.protocol, row.first_seeds, row.second_seeds) for row in rows] == [
        ("copy", "collier2018", 3, 3),
        ("copy", "collier2018:batch_size=64", 3, 1),
        ("sort", "collier2018", 1, 1),
    ]


def test_runs_under_other_rules_are_not_compared(make_seeds):
    strict = {"convergence": {"metric": "bit_errors", "below": 0.01}}
    with pytest.raises(UsageError, match="no task and protocol in common"):
        comparison_rows(cells([*make_seeds("ntm", 400), *make_seeds("lstm", 400, **strict)]), "ntm", "lstm")


def test_an_unknown_model_is_an_error_with_the_nearest_name(make_seeds):
    message = "model 'nmt' is not in these records. Did you mean 'ntm'? They have: lstm, ntm."
    with pytest.raises(UsageError, match=re.escape(message)):
        comparison_rows(cells([*make_seeds("ntm", 400), *make_seeds("lstm", 400)]), "lstm", "nmt")


def test_the_order_of_the_records_and_reading_twice_do_not_matter(make_seeds):
    records = [*make_seeds("ntm", 400, None, 600), *make_seeds("lstm", *SLOW)]
    rows = comparison_rows(cells(records), "ntm", "lstm")
    assert comparison_rows(cells([*records, *records]), "ntm", "lstm") == rows
    for order in list(itertools.permutations(records))[::71]:
        assert comparison_rows(cells(order), "ntm", "lstm") == rows
