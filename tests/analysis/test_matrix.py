import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.matrix import matrix
from mann_bench.analysis.ranking import By, pair_tests, rankings


@pytest.fixture
def make_cells(make_record):
    """Return a function that makes cells of steps until convergence, by model and task."""

    def make(**steps):
        records = [
            make_record(*[*name.split("__"), "copy"][:2], seed, at)
            for name, ats in steps.items()
            for seed, at in enumerate(ats)
        ]
        return cells(records)

    return make


def test_models_stand_from_the_most_points_down(make_cells):
    made = make_cells(slow__copy=[4_000] * 8, fast__copy=[400] * 8, slow__sort=[4_000] * 8, fast__sort=[400] * 8)
    found = matrix(made, [0.05] * len(made))
    assert [model.text for model in found.models] == ["fast", "slow"]
    assert [points[:3] for points in found.borda[By.STEPS].values()] == [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)]


def test_points_hold_for_all_tasks_together(make_cells):
    # The least p of 4 against 4 is 2/70, 0.029: enough for one task, not for each of two.
    one = make_cells(slow__copy=[4_000] * 4, fast__copy=[400] * 4)
    two = make_cells(slow__copy=[4_000] * 4, fast__copy=[400] * 4, slow__sort=[4_000] * 4, fast__sort=[400] * 4)
    found = [matrix(made, [0.05] * len(made)) for made in (one, two)]
    assert [each.columns[0].ranked[By.STEPS].decided for each in found] == [1, 1]
    assert [min(points.low for points in each.borda[By.STEPS].values()) for each in found] == [0.0, 0.0]
    assert [max(points.low for points in each.borda[By.STEPS].values()) for each in found] == [1.0, 0.0]


def test_tasks_are_ranked_at_the_least_level_of_what_they_show(make_cells):
    made = make_cells(slow__copy=[4_000] * 4, fast__copy=[400] * 4)
    found = matrix(made, [0.05, 0.0125])
    assert (found.significance, found.columns[0].ranked[By.STEPS].decided) == (0.0125, 0)


def test_a_ranking_names_the_pairs_that_it_tells_apart(make_cells):
    steps = rankings(make_cells(a=[4_000] * 8, b=[400] * 8, c=[400, 600] * 4))[0]
    assert steps.told_apart == [(1, 0), (2, 0)]


def test_a_pair_is_tested_by_what_both_hold(make_cells, make_record):
    first, second = make_cells(a=[4_000] * 4, b=[400] * 4)
    assert pair_tests(first, second)[By.STEPS].lead > 0
    unprobed = cells([make_record("c", seed=seed, protocol="collier2018:probe_every=0") for seed in range(4)])
    assert By.GENERALIZING not in pair_tests(first, unprobed[0])
