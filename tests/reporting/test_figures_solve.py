import itertools

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.groups import groups
from mann_bench.analysis.curves.solve import solve_figure

BUDGET = 31_250.0
DIVERGED = {"outcome": "diverged", "divergence": {"step": 612, "culprit": "loss"}, "steps": 612}


def line(*records):
    (group,) = groups(cells(records))
    (found,) = solve_figure(group).lines
    return found


def test_the_share_rises_where_a_run_converges(make_record):
    found = line(*(make_record(seed=seed, converged_at=at) for seed, at in enumerate((800, 400, 400, 1_200))))
    assert (found.steps, found.shares) == ((0.0, 400.0, 800.0, 1_200.0), (0.0, 0.5, 0.75, 1.0))
    assert (found.label, found.solved, found.seeds, found.budget, found.censored) == ("ntm", 4, 4, BUDGET, ())


def test_runs_that_spent_the_budget_are_censored_there(make_record):
    curve = [{"step": 31_250, "sequences": 10**6, "training_seconds": 1.0, "scores": {"bit_errors": 9.0}}]
    unsolved = [make_record(seed=seed, converged_at=None, curve=curve, steps=31_250) for seed in (1, 2, 3)]
    found = line(make_record(converged_at=400), *unsolved)
    assert (found.steps, found.shares, found.censored) == ((0.0, 400.0), (0.0, 0.25), ((BUDGET, 0.25),))
    assert (found.solved, found.seeds) == (1, 4)


def test_a_run_that_ended_before_the_budget_counts_up_to_its_end(make_record):
    """After step 600 one seed is left of two at risk: the product-limit estimate at 800 is 2/3 x 0."""
    found = line(*(make_record(seed=seed, converged_at=at) for seed, at in enumerate((400, None, 800))))
    assert found.steps == (0.0, 400.0, 800.0)
    assert found.shares == pytest.approx((0.0, 1 / 3, 1.0))
    assert found.censored == ((600.0, pytest.approx(1 / 3)),)


def test_lost_runs_count_as_unconverged_up_to_the_budget(make_record, make_failed_record):
    lost = [make_record(seed=1, converged_at=None, **DIVERGED), make_failed_record(seed=2)]
    found = line(make_record(converged_at=400), *lost)
    assert found.shares == pytest.approx((0.0, 1 / 3))
    assert found.censored == ((BUDGET, pytest.approx(1 / 3)),)


def test_a_run_that_diverged_after_convergence_is_solved(make_record):
    assert line(make_record(converged_at=400, **DIVERGED)).shares == (0.0, 1.0)


def test_where_none_converged_the_share_stays_at_zero(make_failed_record):
    found = line(make_failed_record())
    assert (found.steps, found.shares, found.solved, found.seeds) == ((0.0,), (0.0,), 0, 1)


def test_the_order_of_the_records_does_not_matter(make_record, make_failed_record):
    records = [make_record(), make_record(seed=1, converged_at=None), make_failed_record(seed=2)]
    assert len({line(*order) for order in itertools.permutations(records)}) == 1
