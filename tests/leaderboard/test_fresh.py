import pytest

from mann_bench.analysis.cells import cells
from mann_bench.leaderboard.fresh import compare_cells, fresh_seeds


@pytest.fixture
def cell(make_record):
    """Return a function that makes a cell from the steps after which its seeds converged, and their errors."""

    def make(*at, errors=None):
        errors = errors or [0.5 + 0.1 * seed for seed in range(len(at))]
        made = [
            make_record(seed=seed, converged_at=step, sizes=(({"length": 120}, error, 0.0),))
            for seed, (step, error) in enumerate(zip(at, errors, strict=True))
        ]
        return cells(made)[0]

    return make


def test_seeds_of_one_distribution_agree(cell):
    compared = compare_cells(cell(*[400, 600, 800, None] * 3), cell(*[600, 400, None, 800] * 3))
    assert compared.agrees
    assert compared.text.startswith(
        "12 fresh seeds of ntm on copy at the level of 0.01; steps until convergence: p 1, "
    )


def test_the_best_of_several_tries_differ(cell):
    compared = compare_cells(cell(*[200] * 8), cell(*[800] * 8))
    assert not compared.agrees
    assert compared.text.endswith("; steps until convergence differ.")


def test_the_errors_of_the_longest_size_are_compared_too(cell):
    best, others = [0.1 * seed for seed in range(8)], [10.0 + seed for seed in range(8)]
    compared = compare_cells(cell(*[400] * 8, errors=best), cell(*[400] * 8, errors=others))
    assert compared.text.endswith("; bit_errors at 120 differ.")


def test_too_few_seeds_are_said_to_be_too_few(cell):
    compared = compare_cells(cell(200, 200), cell(800, 800))
    assert compared.agrees
    assert compared.text.endswith("so few seeds can never differ: draw more.")


def test_fresh_seeds_are_none_of_the_cell_and_follow_from_a_seed(cell):
    known = cell(*[400] * 5)
    drawn = fresh_seeds(known, 20, seed=1)
    assert drawn == fresh_seeds(known, 20, seed=1)
    assert len(set(drawn) - set(known.seeds)) == 20
