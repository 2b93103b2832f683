import itertools
import re

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.reporting.tables.comparison import comparison_rows, comparison_table, ratio_text
from mann_bench.reporting.tables.table import INTERVALS
from mann_bench.statistics.bootstrap import median_ratio
from mann_bench.statistics.paired import paired_permutation_test
from mann_bench.statistics.survival import Durations

FAST, SLOW, NEVER = (400, 600, 800), (1_200, 1_600, 2_400), (None, None, None)
BUDGET = 31_250


@pytest.fixture
def seeds(make_record, make_failed_record):
    """Return a function that makes a record a seed from the steps until it converged; of None, a failed run."""

    def make(model, *steps, **fields):
        return [
            make_failed_record(model, seed=seed, **fields)
            if at is None
            else make_record(model, seed=seed, converged_at=at, **fields)
            for seed, at in enumerate(steps)
        ]

    return make


def bounds(row):
    return row["ratio_at_least"], row["ratio_at_most"]


def test_a_row_names_what_is_compared(seeds):
    (row,) = comparison_rows([*seeds("ntm", *FAST), *seeds("lstm", *SLOW)], "ntm", "lstm")
    assert (row["task"], row["protocol"], row["first"], row["second"]) == ("copy", "collier2018", "ntm", "lstm")
    assert (row["seeds"], row["budget_steps"]) == (3, BUDGET)


def test_the_ratio_is_that_of_the_medians(seeds):
    (row,) = comparison_rows([*seeds("ntm", *FAST), *seeds("lstm", *SLOW)], "ntm", "lstm")
    assert (row["first_steps_median"], row["second_steps_median"]) == (600, 1_600)
    assert bounds(row) == (1_600 / 600, 1_600 / 600)


def test_the_other_way_round_the_ratio_is_the_inverse(seeds):
    (row,) = comparison_rows([*seeds("ntm", *FAST), *seeds("lstm", *SLOW)], "lstm", "ntm")
    assert bounds(row) == (600 / 1_600, 600 / 1_600)


def test_the_interval_of_the_ratio_is_that_of_the_statistics(seeds):
    (row,) = comparison_rows([*seeds("ntm", *FAST), *seeds("lstm", *SLOW)], "ntm", "lstm")
    interval = median_ratio([[Durations.of(SLOW, BUDGET)]], [Durations.of(FAST, BUDGET)]).interval
    assert (row["ratio_low"], row["ratio_high"], row["ratio_interval"]) == (*interval[:2], interval.words())


def test_the_test_is_paired_by_seed(seeds):
    # Three differences of one sign: 2 of 8 sign patterns are as far from 0, no fewer can be.
    (row,) = comparison_rows([*seeds("ntm", *FAST), *seeds("lstm", *SLOW[::-1])], "ntm", "lstm")
    test = paired_permutation_test(FAST, SLOW[::-1])
    assert (row["difference"], row["p_value"], row["least_p_value"]) == (test.difference, 0.25, 0.25)
    assert row["difference"] == pytest.approx((-2_000 - 1_000 - 400) / 3)
    assert row["test"] == test.words()


def test_what_did_not_converge_counts_as_the_budget_in_the_test(seeds):
    (row,) = comparison_rows([*seeds("ntm", 400, 600, 800), *seeds("lstm", 400, 600, None)], "ntm", "lstm")
    assert (row["difference"], row["p_value"]) == ((800 - BUDGET) / 3, 1.0)


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        pytest.param(FAST, NEVER, (BUDGET / 600, None), id="the second never: a lower bound"),
        pytest.param(NEVER, FAST, (0.0, 600 / BUDGET), id="the first never: an upper bound"),
        pytest.param(NEVER, NEVER, (0.0, None), id="neither"),
    ],
)
def test_where_a_median_is_beyond_the_budget_the_ratio_has_bounds(seeds, first, second, known):
    (row,) = comparison_rows([*seeds("ntm", *first), *seeds("lstm", *second)], "ntm", "lstm")
    assert bounds(row) == known


def test_one_seed_has_a_ratio_without_an_interval(seeds):
    (row,) = comparison_rows([*seeds("ntm", 400), *seeds("lstm", 800)], "ntm", "lstm")
    assert bounds(row) == (2.0, 2.0)
    assert (row["ratio_low"], row["ratio_high"], row["ratio_interval"]) == (None, None, None)


def test_only_the_seeds_that_both_have_count(seeds):
    (row,) = comparison_rows([*seeds("ntm", *FAST), *seeds("lstm", 1_200, 1_600)[1:]], "ntm", "lstm")
    assert (row["seeds"], *bounds(row)) == (1, 1_600 / 600, 1_600 / 600)


def test_a_model_that_met_the_rule_untrained_has_no_ratio(seeds, make_record):
    at_once = {"step": 0, "sequences": 0, "training_seconds": 0.0, "scores": {"bit_errors": 0.0}}
    records = [make_record("oracle", converged_at=0, curve=[at_once]), *seeds("ntm", 400)]
    (row,) = comparison_rows(records, "oracle", "ntm")
    assert (*bounds(row), row["difference"]) == (0.0, None, -400)


def test_there_is_a_row_a_task_and_protocol_that_both_ran(seeds):
    other = {"protocol": "collier2018:batch_size=64"}
    records = [*seeds("ntm", *FAST), *seeds("lstm", *SLOW), *seeds("ntm", *FAST, **other), *seeds("lstm", 800, **other)]
    records += [
        *seeds("ntm", 400, task="repeat_copy"),
        *seeds("lstm", 400, task="sort"),
        *seeds("ntm", 400, task="sort"),
    ]
    rows = comparison_rows(records, "ntm", "lstm")
    assert [(row["task"], row["protocol"], row["seeds"]) for row in rows] == [
        ("copy", "collier2018", 3),
        ("copy", "collier2018:batch_size=64", 1),
        ("sort", "collier2018", 1),
    ]


def test_versions_of_a_model_are_told_apart(versions, make_record):
    records = [*versions, make_record("lstm"), make_record("lstm", seed=1)]
    rows = comparison_rows(records, "ntm", "lstm")
    assert [row["first_origin"].split(",")[0] for row in rows] == ["mann-bench ntm v1", "mann-bench ntm v2"]
    tasks = [row[0] for row in comparison_table(records, "ntm", "lstm").rows]
    ours, theirs = (f"mann-bench {name}, mann-bench copy v1" for name in ("ntm v2", "lstm v1"))
    assert tasks[1] == f"copy [{ours} against {theirs}]"


def test_runs_under_other_rules_are_not_compared(seeds):
    strict = {"convergence": {"metric": "bit_errors", "below": 0.01}}
    with pytest.raises(UsageError, match="no task, protocol and seed in common"):
        comparison_rows([*seeds("ntm", 400), *seeds("lstm", 400, **strict)], "ntm", "lstm")


def test_an_unknown_model_is_an_error_with_the_nearest_name(seeds):
    message = "model 'nmt' is not in these records. Did you mean 'ntm'? They have: lstm, ntm."
    with pytest.raises(UsageError, match=re.escape(message)):
        comparison_rows([*seeds("ntm", 400), *seeds("lstm", 400)], "lstm", "nmt")


def test_no_seed_in_common_is_an_error(seeds):
    message = "'ntm' and 'lstm' have no task, protocol and seed in common in these records."
    with pytest.raises(UsageError, match=message):
        comparison_table([*seeds("ntm", 400), *seeds("lstm", 400, 800)[1:]], "ntm", "lstm")


def test_the_order_of_the_records_and_reading_twice_do_not_matter(seeds):
    records = [*seeds("ntm", 400, None, 600), *seeds("lstm", *SLOW)]
    rows = comparison_rows(records, "ntm", "lstm")
    assert comparison_rows([*records, *records], "ntm", "lstm") == rows
    for order in list(itertools.permutations(records))[::71]:
        assert comparison_rows(order, "ntm", "lstm") == rows


def test_the_table_reads_as_its_row(seeds):
    table = comparison_table([*seeds("ntm", *FAST), *seeds("lstm", *SLOW)], "ntm", "lstm")
    assert table.title == "ntm against lstm"
    # The least ratio of resampled medians is 1200/800, the greatest 2400/400; both occur in 7/27 x 7/27 of them.
    assert list(zip(table.columns, table.rows[0], strict=True)) == [
        *(("task", "copy"), ("protocol", "collier2018"), ("seeds", "3")),
        *(("steps of ntm", "600"), ("steps of lstm", "1,600"), ("times faster", "2.67x [1.50, 6.00]")),
        *(("difference", "-1,133"), ("p", "0.250 (0.250)")),
    ]


def test_what_lies_beyond_the_budget_reads_so(seeds):
    table = comparison_table([*seeds("ntm", *FAST), *seeds("lstm", *NEVER)], "ntm", "lstm")
    assert table.rows[0][3:6] == ["600", "> 31,250", "> 52.08x [39.06, inf]"]


def test_one_seed_reads_without_an_interval(seeds):
    table = comparison_table([*seeds("ntm", 400), *seeds("lstm", 800)], "ntm", "lstm")
    assert table.rows[0][5] == "2.00x"


def test_notes_say_what_the_numbers_are(seeds):
    notes = comparison_table([*seeds("ntm", *FAST), *seeds("lstm", *SLOW)], "ntm", "lstm").notes
    assert "times faster: those of lstm over those of ntm" in notes[0]
    assert "the steps of ntm less those of lstm" in notes[1]
    assert notes[2] == INTERVALS


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (3.5, 3.5, "3.50x"),
        (6.25, None, "> 6.25x"),
        (0.0, 0.25, "< 0.25x"),
        (0.0, None, "unknown"),
        (2.0, 3.0, "2.00 to 3.00x"),
    ],
)
def test_a_ratio_reads_as_far_as_it_is_known(low, high, text):
    assert ratio_text(low, high) == text


def test_a_note_names_the_model_with_a_training_of_its_own(make_record):
    records = [make_record("acme", own_training=["training_step"]), make_record("ntm")]
    notes = comparison_table(records, "ntm", "acme").notes
    assert notes[-1] == "acme trains by its own optimiser or training step, not the protocol's"
