import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.cost import cost_figure
from mann_bench.analysis.curves.groups import groups
from mann_bench.analysis.curves.lengths import length_figure

PROBE = [
    {
        "step": step,
        "rows": [{"size": {"length": 20}, "sequences": 64, "scores": {"bit_errors": 0.0, "sequence_accuracy": 1.0}}],
    }
    for step in (200, 400)
]


@pytest.fixture
def cost():
    """Return a function that returns error and generalisation against cost of the records of one task."""

    def make(*records):
        (group,) = groups(cells(records))
        lengths = length_figure(group)
        return lengths and cost_figure(group, lengths)

    return make


def test_a_point_tells_what_a_cell_costs_and_is_worth(cost, make_record):
    (point,) = cost(make_record(seed=0, probe=PROBE), make_record(seed=1)).points
    assert point.cost[:2] == (12_345, 10_240)
    assert (point.error.value, point.generalizing.value, point.seeds) == (1.5, 0.5, 2)


def test_what_does_not_converge_within_the_budget_stands_at_its_longest_run(cost, make_record):
    slow, fast = cost(make_record("a", converged_at=None), make_record("b")).points
    assert (slow.cost.reached, fast.cost.reached) == (False, True)
    assert slow.cost.seconds > fast.cost.seconds


def test_what_was_not_measured_is_none(cost, make_record, make_failed_record):
    found = cost(make_record("a", protocol="collier2018:probe_every=0"), make_failed_record("b"))
    assert found.points[0].generalizing is None
    assert (found.points[1].error, found.points[1].cost.parameters) == (None, None)


def test_without_a_test_there_is_no_figure(cost, make_failed_record):
    assert cost(make_failed_record()) is None
