import math

import pytest

from mann_bench.core.convergence import ConvergenceTracker, last_step
from mann_bench.core.specs import ConvergenceRule


def follow(*errors, every=200):
    tracker = ConvergenceTracker(ConvergenceRule())
    for number, error in enumerate(errors):
        tracker.add(number * every, {"bit_errors": error, "loss_bits": 1.0})
    return tracker


@pytest.mark.parametrize(
    ("errors", "first", "confirmed"),
    [
        ((5.0, 1.0, 0.5), None, None),
        ((5.0, 0.05, 0.04), 200, 200),
        ((5.0, 0.05), 200, None),
        ((5.0, 0.05, 3.0, 0.05, 0.05), 200, 600),
        ((5.0, 0.1, 0.0999), 400, None),
        ((5.0, 0.05, 3.0, 0.05, 3.0), 200, None),
    ],
)
def test_first_and_confirmed(errors, first, confirmed):
    tracker = follow(*errors)
    assert (tracker.first, tracker.confirmed) == (first, confirmed)


@pytest.mark.parametrize(
    ("firsts", "last"),
    [((None,), 1_000), ((200,), 300), ((950,), 1_000), ((200, None), 1_000), ((200, 600), 700), ((600, 200), 700)],
)
def test_a_run_ends_a_grace_after_all_have_converged_or_with_its_budget(firsts, last):
    assert last_step(1_000, 100, firsts) == last


def test_the_rule_may_name_another_metric():
    tracker = ConvergenceTracker(ConvergenceRule("regret_bits", 1.0))
    tracker.add(10, {"regret_bits": 0.5, "bit_errors": 90.0, "loss_bits": 1.0})
    assert tracker.first == 10


@pytest.mark.parametrize(
    ("evaluations", "best"),
    [
        (((5.0, 1.0), (0.5, 9.0), (3.0, 0.0)), 10),
        (((5.0, 1.0), (0.5, 9.0), (0.5, 8.0)), 20),
        (((0.5, 9.0), (0.5, 9.0)), 0),
        (((math.inf, 9.0), (math.nan, 1.0)), 0),
        ((), 0),
    ],
)
def test_the_best_evaluation_has_the_least_metric_then_the_least_loss(evaluations, best):
    tracker = ConvergenceTracker(ConvergenceRule())
    for number, (errors, loss) in enumerate(evaluations):
        tracker.add(number * 10, {"bit_errors": errors, "loss_bits": loss})
    assert tracker.best_step == best
