import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.comparison import comparison_rows
from mann_bench.core.errors import UsageError
from mann_bench.reporting.tables.comparison import comparison_table, ratio_text
from mann_bench.reporting.tables.table import INTERVALS

FAST, SLOW, NEVER = (400, 600, 800), (1_200, 1_600, 2_400), (None, None, None)


def test_versions_of_a_model_are_told_apart(versions, make_record):
    records = [*versions, make_record("lstm"), make_record("lstm", seed=1)]
    rows = comparison_rows(cells(records), "ntm", "lstm")
    assert [row.first_origin.split(",")[0] for row in rows] == ["mann-bench ntm v1", "mann-bench ntm v2"]
    tasks = [row[0] for row in comparison_table(cells(records), "ntm", "lstm").rows]
    ours, theirs = (f"mann-bench {name}, mann-bench copy v1" for name in ("ntm v2", "lstm v1"))
    assert tasks[1] == f"copy [{ours} against {theirs}]"


def test_no_task_in_common_is_an_error(make_seeds):
    message = "'ntm' and 'lstm' have no task and protocol in common in these records."
    with pytest.raises(UsageError, match=message):
        comparison_table(cells([*make_seeds("ntm", 400), *make_seeds("lstm", 400, task="sort")]), "ntm", "lstm")


def test_where_one_model_has_more_seeds_both_numbers_stand_in_the_row(make_seeds):
    table = comparison_table(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", 400, 800)]), "ntm", "lstm")
    assert table.rows[0][2] == "3 and 2"


def test_a_small_p_has_its_first_digit(make_seeds):
    runs = [*make_seeds("ntm", *range(200, 2_200, 200)), *make_seeds("lstm", *range(4_000, 6_000, 200))]
    assert comparison_table(cells(runs), "ntm", "lstm").rows[0][-1] == "1e-05 (1e-05)"


def test_the_table_reads_as_its_row(make_seeds):
    table = comparison_table(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *SLOW)]), "ntm", "lstm")
    assert table.title == "ntm against lstm"
    # From 1200/800 to 2400/400: each median lies between the least and the greatest of three seeds in 75 % of samples.
    assert list(zip(table.columns, table.rows[0], strict=True)) == [
        *(("task", "copy"), ("protocol", "collier2018"), ("seeds", "3")),
        *(("steps of ntm", "600"), ("steps of lstm", "1,600"), ("times faster", "2.67x [1.50, 6.00; 56 %]")),
        *(("difference", "-1,133"), ("p", "0.100 (0.100)")),
    ]


def test_what_lies_beyond_the_budget_reads_so(make_seeds):
    table = comparison_table(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *NEVER)]), "ntm", "lstm")
    assert table.rows[0][3:6] == ["600", "> 31,250", "> 52.08x [39.06, inf; 56 %]"]


def test_one_seed_reads_without_an_interval(make_seeds):
    table = comparison_table(cells([*make_seeds("ntm", 400), *make_seeds("lstm", 800)]), "ntm", "lstm")
    assert table.rows[0][5] == "2.00x"


def test_notes_say_what_the_numbers_are(make_seeds):
    notes = comparison_table(cells([*make_seeds("ntm", *FAST), *make_seeds("lstm", *SLOW)]), "ntm", "lstm").notes
    assert "times faster: those of lstm over those of ntm" in notes[0]
    assert "mean steps of ntm less those of lstm" in notes[1]
    assert "exact log-rank permutation test" in notes[1]
    assert notes[2] == INTERVALS


def test_a_p_value_of_rounded_scores_says_so(make_seeds):
    runs = [*make_seeds("ntm", *[400] * 21), *make_seeds("lstm", *[800] * 21)]
    note = comparison_table(cells(runs), "ntm", "lstm").notes[1]
    assert "p: exact log-rank permutation test, scores rounded, two-sided" in note


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (3.5, 3.5, "3.50x"),
        (6.25, math.inf, "> 6.25x"),
        (0.0, 0.25, "< 0.25x"),
        (0.0, math.inf, "unknown"),
        (2.0, 3.0, "2.00 to 3.00x"),
    ],
)
def test_a_ratio_reads_as_far_as_it_is_known(low, high, text):
    assert ratio_text(low, high) == text


def test_a_note_names_the_model_with_a_training_of_its_own(make_record):
    records = [make_record("acme", own_training=["training_step"]), make_record("ntm")]
    notes = comparison_table(cells(records), "ntm", "acme").notes
    assert notes[-1] == "acme trains by its own optimiser or training step, not the protocol's"
