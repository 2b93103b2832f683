import dataclasses

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.convergence import convergence_rows
from mann_bench.analysis.rows import PROVENANCE, without_provenance
from mann_bench.analysis.tuned import Tuned
from mann_bench.core.runs import CellName
from mann_bench.site.columns import columns
from mann_bench.site.pages import sheet_pairs
from mann_bench.site.sheet import board_sheet, own_sheet
from mann_bench.statistics.ranks import Rank


@pytest.fixture
def placed(make_board, make_entry):
    """Return a function that ranks entries, given by name with their steps until convergence."""

    def place(**steps):
        sheet = board_sheet(make_board(*(make_entry(name, at) for name, at in steps.items())))
        return [(row.entry, row.rank.steps.words()) for row in sheet.rows]

    return place


def test_entries_that_a_test_tells_apart_have_ranks_of_their_own(placed):
    slow, fast = [2_000] * 8, [400] * 8
    assert placed(slow=slow, fast=fast) == [("fast", "1"), ("slow", "2")]


def test_entries_that_none_tells_apart_may_have_each_others_rank(placed):
    assert placed(slow=[2_000] * 3, fast=[400] * 3) == [("fast", "1-2"), ("slow", "1-2")]


def test_an_entry_that_is_told_from_some_alone_has_a_range_of_ranks(placed):
    ranks = placed(slow=[4_000] * 8, fast=[400] * 8, quick=[400, 600] * 4)
    assert ranks == [("fast", "1-2"), ("quick", "1-2"), ("slow", "3")]


def test_seeds_that_never_converge_within_the_budget_are_slower_than_all_that_do(make_board, make_entry, make_record):
    last = {"step": 31_250, "sequences": 1_000_000, "training_seconds": 156.25, "scores": {"bit_errors": 10.0}}
    never = [make_record(seed=seed, converged_at=None, steps=31_250, curve=[last]) for seed in range(8)]
    sheet = board_sheet(make_board(make_entry("never", records=never), make_entry("slow", [20_000] * 8)))
    assert [(row.entry, row.rank.steps.words()) for row in sheet.rows] == [("slow", "1"), ("never", "2")]


def test_entries_need_no_common_seed_to_be_told_apart(make_board, make_entry, make_record):
    later = [make_record(seed=seed, converged_at=4_000) for seed in range(10, 20)]
    sheet = board_sheet(make_board(make_entry("a", [400] * 10), make_entry("b", records=later)))
    assert [(row.entry, row.rank.steps.words()) for row in sheet.rows] == [("a", "1"), ("b", "2")]


def test_ranks_are_made_within_a_task(make_board, make_entry):
    sheet = board_sheet(make_board(make_entry("a", task="copy"), make_entry("b", task="repeat_copy")))
    assert [(row.convergence.task, row.rank.steps) for row in sheet.rows] == [
        ("copy", Rank(1, 1)),
        ("repeat_copy", Rank(1, 1)),
    ]


def test_rows_have_the_figures_of_the_table(make_record):
    records = [make_record(seed=seed, converged_at=at) for seed, at in enumerate((400, None))]
    (row,) = own_sheet(cells(records)).rows
    (expected,) = convergence_rows(cells(records))
    assert row.convergence == expected
    assert (row.state_bytes, row.error.size, row.error.estimate.value) == (10_240, "20", 1.5)


def test_rows_leave_the_page_with_the_columns_of_the_table_but_no_provenance(make_record):
    records = [make_record(seed=seed, converged_at=at) for seed, at in enumerate((400, None))]
    row = without_provenance(own_sheet(cells(records)).rows[0])
    (expected,) = convergence_rows(cells(records))
    assert without_provenance(expected).items() <= row.items()
    assert PROVENANCE.isdisjoint(row)
    assert (row["state_bytes"], row["error_size"], row["error_median"]) == (10_240, "20", 1.5)


def test_the_same_run_in_two_entries_counts_in_both(make_board, make_entry):
    sheet = board_sheet(make_board(make_entry("a"), make_entry("b")))
    assert [row.convergence.seeds for row in sheet.rows] == [3, 3]


def test_a_failed_run_stays_in_the_row(make_failed_record):
    (row,) = own_sheet(cells([make_failed_record()])).rows
    assert (row.convergence.solved.successes, row.convergence.failed) == (0, 1)
    assert (row.convergence.parameters, row.error, "error_median" in without_provenance(row)) == (None, None, False)


def test_a_column_tells_of_a_training_of_the_models_own_where_there_is_one(make_record):
    own, ntm = make_record("acme", own_training=["training_step"]), make_record("ntm")
    (column,) = (
        each for each in columns(own_sheet(cells([own, ntm])).rows, named=False) if each.name == "own_training"
    )
    assert {column.value(row).text for row in own_sheet(cells([own, ntm])).rows} == {
        "its own training_step",
        "protocol",
    }
    assert "own_training" not in [each.name for each in columns(own_sheet(cells([ntm])).rows, named=False)]


def test_a_column_names_the_hooks_of_the_models_own_where_there_are_some(make_record):
    own, ntm = make_record("acme", own_hooks=["on_train_end", "setup"]), make_record("ntm")
    rows = own_sheet(cells([own, ntm])).rows
    (column,) = (each for each in columns(rows, named=False) if each.name == "own_hooks")
    assert {column.value(row).text for row in rows} == {"on_train_end, setup", "none"}
    assert "own_hooks" not in [each.name for each in columns(own_sheet(cells([ntm])).rows, named=False)]


def test_the_parameters_of_a_page_are_those_that_are_trained(make_record):
    sheet = own_sheet(cells([make_record(all_parameters=20_000)]))
    (column,) = [column for column in columns(sheet.rows, named=False) if column.name == "parameters"]
    assert column.value(sheet.rows[0])[::2][:2] == ("12,345 of 20,000", 12_345)


def test_rows_know_their_place_by_each_ranking_within_their_task(make_board, make_entry):
    entries = {"often": (4_000, 4_000, 4_000), "early": (400, 400, None)}
    sheet = board_sheet(make_board(*(make_entry(name, at) for name, at in entries.items()), make_entry("z", task="z")))
    places = zip(sheet.rows, sheet.places, strict=True)
    assert [(row.entry, place["steps"], place["solved"]) for row, place in places] == [
        ("often", 0, 0),
        ("early", 1, 1),
        ("z", 2, 2),
    ]


@pytest.mark.parametrize(("probe_every", "named"), [(1_000, True), (0, False)])
def test_the_values_of_a_column_tell_the_rank_that_they_give(make_record, probe_every, named):
    records = [make_record(model, protocol=f"collier2018:probe_every={probe_every}") for model in "ab"]
    rows = own_sheet(cells(records)).rows
    told = {column.name: column.value(rows[0]).rank for column in columns(rows, named=False)}
    ranked = {"solved", "steps", "error"} | ({"generalizing"} if named else set())
    assert {name for name, rank in told.items() if rank == "1-2"} == ranked


def test_where_seeds_do_not_generalise_the_column_names_the_last_step(make_record):
    row = own_sheet(cells([make_record()])).rows[0]
    (column,) = [each for each in columns([row], named=False) if each.name == "generalizing"]
    assert column.value(row).beside == f"not by step {row.convergence.steps.budget:,.0f}"


def test_a_study_with_looks_ranks_at_the_level_that_it_leaves_each(make_board, make_entry):
    # The least p of 4 against 4 is 2/70, 0.029: two looks leave each 0.025.
    board = make_board(make_entry("slow", [2_000] * 4), make_entry("fast", [400] * 4))
    ranks = {
        significance: [row.rank.steps.words() for row in board_sheet(made).rows]
        for significance in (0.05, 0.025)
        for made in [dataclasses.replace(board, significance=significance)]
    }
    assert ranks == {0.05: ["1", "2"], 0.025: ["1-2", "1-2"]}


def test_a_page_says_at_which_level_its_ranks_are_made(make_board, make_entry):
    board = make_board(make_entry("slow", [2_000] * 4), make_entry("fast", [400] * 4))
    sheet = board_sheet(dataclasses.replace(board, significance=0.0125))
    assert "by Holm at 1.25 % for all together" in " ".join(sheet_pairs(sheet).notes)
    assert sheet.figures[0].pairs[0].seeds_needed == 5


def test_a_column_tells_when_the_greatest_size_was_learned_where_records_do(told, make_record):
    new, old = told(9.0, 5.0, 0.0, converged_at=400), make_record("lstm")
    found = {column.name: column for column in columns(own_sheet(cells([new, old])).rows, named=False)}
    values = {row.convergence.model: found["target"].value(row) for row in own_sheet(cells([new, old])).rows}
    assert (values["ntm"].text, values["ntm"].beside, values["lstm"].text) == ("600", "solved 1/1", "-")
    assert "target" not in [each.name for each in columns(own_sheet(cells([old])).rows, named=False)]


def test_a_model_has_one_name_under_all_protocols_of_a_board(make_board, make_entry, make_record):
    protocols = "collier2018", "collier2018:max_steps=10000"
    records = [make_record(model, protocol=protocol) for model in ("dnc", "ntm") for protocol in protocols]
    sheet = board_sheet(make_board(make_entry(records=records)))
    assert sorted(line.label for line in sheet.lines) == ["dnc", "dnc", "ntm", "ntm"]


def test_a_column_tells_the_rate_and_what_tuning_cost_where_rows_were_tuned(make_record):
    tuned, plain = make_record("ntm", protocol="collier2018:learning_rate=0.5"), make_record("lstm")
    known = Tuned(rate=0.5, rates=3, runs=9, sequences=7000, seconds=12.0)
    made = cells([tuned, plain], {CellName("ntm", "copy", tuned.protocol.text): known})
    found = {column.name: column for column in columns(own_sheet(made).rows, named=False)}
    values = {row.convergence.model: found["tuned"].value(row) for row in own_sheet(made).rows}
    assert (values["ntm"].text, values["lstm"].text) == ("0.5", "not tuned")
    assert values["ntm"].beside == "tuned by 9 runs at 3 rates, 7,000 sequences, 12 s"
    assert "tuned" not in [each.name for each in columns(own_sheet(cells([plain])).rows, named=False)]
