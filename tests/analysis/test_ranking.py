import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.ranking import By, pairs_rows, rank_rows, rankings
from mann_bench.analysis.rows import flat
from mann_bench.statistics.ranks import Rank

EIGHT = [400] * 8


@pytest.fixture
def places():
    """Return a function that tells the rank of each model of one task by each ranking, None where it has none."""

    def tell(records):
        ranked = rankings(made := cells(records))
        words = [[rank and rank.words() for rank in each.ranks] for each in ranked]
        return {cell.model: dict(zip(By, of_cell, strict=True)) for cell, *of_cell in zip(made, *words, strict=True)}

    return tell


def eight(make_record, model, **fields):
    return [make_record(model, seed=seed, **fields) for seed in range(8)]


def test_a_model_that_generalises_stands_above_a_faster_one_that_does_not(make_record, make_probe, places):
    fast = eight(make_record, "fast", converged_at=400, steps=3_200, probe=make_probe(0.0, 0.0, 0.0))
    far = eight(make_record, "far", converged_at=2_000, steps=3_200, probe=make_probe(0.0, 1.0, 1.0))
    told = places([*fast, *far])
    assert [told[model][By.STEPS] for model in ("fast", "far")] == ["1", "2"]
    assert [told[model][By.GENERALIZING] for model in ("fast", "far")] == ["2", "1"]


def test_the_error_is_that_at_the_longest_size(make_record, places):
    sizes = {"short": [1.0, 9.0], "long": [5.0, 2.0]}
    grids = {model: [({"length": n}, e, 0.0) for n, e in zip((20, 120), sizes[model], strict=True)] for model in sizes}
    told = places([record for model, grid in grids.items() for record in eight(make_record, model, sizes=grid)])
    assert {model: ranks[By.ERROR] for model, ranks in told.items()} == {"long": "1", "short": "2"}


def test_the_solve_rate_counts_seeds_however_late_they_solve(make_record, make_seeds, places):
    told = places([*make_seeds("late", *[20_000] * 8), *make_seeds("rare", *[None] * 8)])
    assert {model: ranks[By.SOLVED] for model, ranks in told.items()} == {"late": "1", "rare": "2"}


def test_a_model_whose_runs_all_failed_has_the_worst_error(make_seeds, places):
    told = places([*make_seeds("sound", *EIGHT), *make_seeds("broken", *[None] * 8)])
    assert {model: ranks[By.ERROR] for model, ranks in told.items()} == {"broken": "2", "sound": "1"}


def test_a_model_whose_runs_were_not_tested_has_no_rank_by_error(make_record, places):
    told = places([*eight(make_record, "a"), *eight(make_record, "b"), *eight(make_record, "c", generalization=[])])
    assert [ranks[By.ERROR] for ranks in told.values()] == ["1-2", "1-2", None]
    assert [ranks[By.STEPS] for ranks in told.values()] == ["1-3", "1-3", "1-3"]


def test_a_protocol_that_does_not_probe_has_no_ranks_by_generalising(make_record, places):
    records = [record for m in "ab" for record in eight(make_record, m, protocol="collier2018:probe_every=0")]
    assert [ranks[By.GENERALIZING] for ranks in places(records).values()] == [None, None]
    (row,) = [row for row in pairs_rows(cells(records)) if row.by is By.GENERALIZING]
    assert (row.models, row.pairs, row.seeds_at_least, row.seeds_needed) == (0, 0, None, None)


def test_where_ranks_are_the_same_the_better_value_stands_first(make_seeds):
    made = cells([*make_seeds("a", 800, 600), *make_seeds("b", 400, 600), *make_seeds("c", 1_000, None)])
    orders = {each.by: each.order for each in rankings(made)}
    assert (orders[By.STEPS], orders[By.SOLVED]) == ([1, 0, 2], [0, 1, 2])


def test_rows_say_how_many_seeds_could_tell_a_pair_apart(make_seeds):
    records = [record for model in "abc" for record in make_seeds(model, 400, 600, 800)]
    row = flat(pairs_rows(cells(records))[0])
    assert row == {
        **{"task": "copy", "protocol": "collier2018", "by": "steps", "models": 3, "pairs": 3, "decided": 0},
        **{"seeds_at_least": 3, "seeds_at_most": 3, "seeds_needed": 5},
    }


def test_without_correction_more_pairs_are_told_apart(make_seeds):
    steps = {"a": (400, 600, 800, 1_000), "b": (1_200, 1_400, 1_600, 1_800), "c": (400, 600, 800, 2_000)}
    made = cells([record for model, at in steps.items() for record in make_seeds(model, *at)])
    assert [rows[0].decided for rows in (pairs_rows(made), pairs_rows(made, corrected=False))] == [0, 1]


def test_tasks_are_ranked_apart_and_a_single_cell_is_not(make_seeds):
    records = [*make_seeds("a", *EIGHT), *make_seeds("b", *[4_000] * 8), *make_seeds("a", *EIGHT, task="sort")]
    rows = rank_rows(cells(records))
    assert [(row.task, row.model, row.rank.steps) for row in rows] == [
        ("copy", "a", Rank(1, 1)),
        ("copy", "b", Rank(2, 2)),
    ]
