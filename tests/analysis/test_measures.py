import math

import pytest

from mann_bench.analysis import measures
from mann_bench.analysis.cells import cells
from mann_bench.analysis.measures import (
    Unit,
    accuracy_beyond_training,
    beyond_capacity,
    convergence_durations,
    final_scores,
    generalization_durations,
    generalizes_from,
    masters,
    probed,
    scores_at,
)
from mann_bench.results.schema import RuleRecord
from mann_bench.statistics.survival import Durations

SHORT, LONG = {"length": 20}, {"length": 120}
LOST = ["diverged", "failed"]


def cell_of(*records):
    (cell,) = cells(records)
    return cell


def evaluation(step, **scores):
    return {"step": step, "sequences": 32 * step, "training_seconds": step / 200, "scores": scores}


@pytest.mark.parametrize(
    ("unit", "times", "horizon"),
    [
        (Unit.STEPS, (400.0, 600.0), 31_250.0),
        (Unit.SEQUENCES, (12_800.0, 19_200.0), 1_000_000.0),
        (Unit.SECONDS, (2.0, 3.0), 4.0),  # the longer run went on for a second after it converged
    ],
)
def test_training_until_convergence_is_counted_in_each_unit(make_record, unit, times, horizon):
    cell = cell_of(make_record(seed=0, converged_at=400), make_record(seed=1, converged_at=600))
    assert convergence_durations(cell, unit) == Durations(times, (True, True), horizon)


@pytest.mark.parametrize(("unit", "end"), [(Unit.STEPS, 600.0), (Unit.SEQUENCES, 19_200.0), (Unit.SECONDS, 3.0)])
def test_a_run_that_did_not_converge_is_censored_where_it_ended(make_record, unit, end):
    durations = convergence_durations(cell_of(make_record(converged_at=None), make_record(seed=1)), unit)
    assert (durations.times[0], durations.reached) == (end, (False, True))


@pytest.mark.parametrize("outcome", LOST)
@pytest.mark.parametrize(
    ("unit", "budget"), [(Unit.STEPS, 31_250.0), (Unit.SEQUENCES, 1_000_000.0), (Unit.SECONDS, 5.0)]
)
def test_a_run_that_diverged_or_failed_is_censored_at_the_budget(make_record, outcome, unit, budget):
    lost = make_record(seed=0, converged_at=None, outcome=outcome)
    durations = convergence_durations(cell_of(lost, make_record(seed=1, converged_at=800)), unit)
    assert (durations.times[0], durations.reached[0], durations.horizon) == (budget, False, budget)


def test_a_run_that_diverged_after_it_converged_has_converged(make_record):
    durations = convergence_durations(cell_of(make_record(converged_at=400, outcome="diverged")), Unit.STEPS)
    assert durations == Durations((400.0,), (True,), 31_250.0)


def test_the_budget_is_the_protocols(make_failed_record):
    cell = cell_of(make_failed_record(protocol="collier2018:max_steps=1000,batch_size=16"))
    assert [convergence_durations(cell, unit).horizon for unit in (Unit.STEPS, Unit.SEQUENCES)] == [1_000, 16_000]


def test_where_nothing_was_trained_seconds_are_censored(make_failed_record):
    assert convergence_durations(cell_of(make_failed_record()), Unit.SECONDS).reached == (False,)


def test_the_final_score_is_that_of_the_last_evaluation_and_worst_where_there_is_none(make_record, make_failed_record):
    nan, other = [evaluation(200, bit_errors=math.nan)], [evaluation(200, loss_bits=3.0)]
    curves = [make_record(seed=seed, curve=curve) for seed, curve in enumerate((nan, other), start=2)]
    cell = cell_of(make_record(converged_at=None), make_failed_record(seed=1), *curves)
    assert final_scores(cell) == [10.0, math.inf, math.inf, math.inf]


@pytest.mark.parametrize(
    ("accuracies", "start"),
    [
        pytest.param((1.0, 1.0), 1_000, id="at once"),
        pytest.param((0.5, 0.99, 1.0), 2_000, id="later"),
        pytest.param((1.0, 0.5, 1.0), 3_000, id="lost and found again"),
        pytest.param((1.0, 1.0, 0.98), None, id="lost again"),
        pytest.param((0.0, 0.5), None, id="never"),
        pytest.param((1.0, math.nan), None, id="not a number"),
        pytest.param((), None, id="no probes"),
    ],
)
def test_a_run_generalizes_from_the_probe_after_which_the_longest_size_stays_mastered(
    make_record, make_probe, accuracies, start
):
    assert generalizes_from(make_record(probe=make_probe(*accuracies))) == start


@pytest.mark.parametrize("outcome", LOST)
def test_a_run_that_diverged_or_failed_does_not_generalize(make_record, make_probe, outcome):
    assert generalizes_from(make_record(outcome=outcome, probe=make_probe(1.0))) is None


def test_a_run_that_never_converged_may_generalize(make_record, make_probe):
    assert generalizes_from(make_record(converged_at=None, probe=make_probe(1.0))) == 1_000


def test_where_no_sequence_can_be_right_a_run_generalizes_by_its_tasks_rule(make_ngrams_record):
    probe = [
        {"step": step, "rows": [{"size": {"bits": 400}, "sequences": 64, "scores": {"regret_bits": regret}}]}
        for step, regret in ((1_000, 0.5), (2_000, 1.0), (3_000, 0.999), (4_000, -0.125))
    ]
    assert generalizes_from(make_ngrams_record(probe=probe)) == 3_000


def test_durations_until_generalization_are_censored_where_a_run_ended(make_record, make_probe):
    runs = [((0.0, 1.0), 3_000), ((0.0, 0.0, 0.0), 3_200)]
    records = [make_record(seed=seed, probe=make_probe(*at), steps=n) for seed, (at, n) in enumerate(runs)]
    durations = generalization_durations(cell_of(*records))
    assert durations == Durations((2_000.0, 3_200.0), (True, False), 31_250.0)


def test_durations_until_generalization_are_censored_at_the_budget_where_a_run_was_lost(
    make_record, make_probe, make_failed_record
):
    diverged = make_record(outcome="diverged", probe=make_probe(1.0), steps=1_500)
    durations = generalization_durations(cell_of(diverged, make_failed_record(seed=1)))
    assert durations == Durations((31_250.0, 31_250.0), (False, False), 31_250.0)


@pytest.mark.parametrize(
    ("fields", "measured"), [("probe_every=0", False), ("max_steps=1000", True), ("max_steps=999", False)]
)
def test_a_cell_is_probed_where_its_protocol_asks_for_it_within_the_budget(make_record, fields, measured):
    assert probed(cell_of(make_record(protocol=f"collier2018:{fields}"))) is measured


@pytest.mark.parametrize(
    ("scores", "mastered"),
    [
        ({"sequence_accuracy": 0.99, "regret_bits": 5.0}, True),
        ({"sequence_accuracy": 0.98, "regret_bits": 0.0}, False),
        ({"sequence_accuracy": math.nan}, False),
        ({"regret_bits": 0.99}, True),
        ({"regret_bits": 1.0}, False),
        ({"regret_bits": math.nan}, False),
        ({}, False),
    ],
)
def test_a_size_is_mastered_by_its_accuracy_or_else_by_the_rule(scores, mastered):
    assert masters(scores, RuleRecord(metric="regret_bits", below=1.0)) is mastered


def test_the_sizes_of_a_cell_are_those_of_a_run_that_was_tested(make_record, make_failed_record):
    tested = make_record(seed=1, sizes=[(LONG, 1.0, 0.5), (SHORT, 1.0, 0.5)])
    assert measures.test_sizes(cell_of(make_failed_record(), tested)) == [LONG, SHORT]
    assert measures.test_sizes(cell_of(make_failed_record())) == []


def test_scores_are_those_of_each_size(make_record):
    record = make_record(sizes=[(SHORT, 1.5, 0.25), (LONG, 12.0, 0.125)])
    assert scores_at(record, [LONG, SHORT], "bit_errors") == [12.0, 1.5]


@pytest.mark.parametrize(
    ("score", "worst"), [("bit_errors", math.inf), ("sequence_accuracy", 0.0), ("token_accuracy", 0.0)]
)
def test_a_score_that_is_no_number_or_was_not_measured_is_worse_than_any(make_record, make_failed_record, score, worst):
    tested = make_record(sizes=[(SHORT, math.nan, math.nan)])
    assert scores_at(tested, [SHORT, LONG], score) == [worst, worst]
    assert scores_at(make_failed_record(), [SHORT], score) == [worst]


def test_a_score_that_a_run_does_not_have_is_worse_than_any(make_record):
    assert scores_at(make_record(), [SHORT], "edit_distance") == [math.inf]


@pytest.mark.parametrize(
    ("model", "beyond"),
    [("ntm:memory_slots=19", True), ("ntm:memory_slots=20", False), ("ntm:memory_slots=many", False), ("lstm", False)],
)
def test_a_size_is_beyond_capacity_where_it_has_more_rows_than_the_memory_has_slots(make_record, model, beyond):
    assert beyond_capacity(make_record(model), SHORT) is beyond


@pytest.mark.parametrize("grid", [[], [{"size": SHORT, "chance": {}, "rows_to_remember": None}]])
def test_where_the_rows_to_remember_are_unknown_no_size_is_beyond_capacity(make_record, grid):
    assert not beyond_capacity(make_record("ntm:memory_slots=1", grid=grid), SHORT)


def label_rows(**right):
    """Rows of a length grid, with the share of right labels at each length."""
    rows = [({"length": int(at.removeprefix("at"))}, {"token_accuracy": share}) for at, share in right.items()]
    return [{"size": size, "sequences": 192, "scores": scores} for size, scores in rows]


def test_accuracy_beyond_training_is_the_mean_over_sizes_above_the_range(make_record):
    record = make_record(generalization=label_rows(at20=1.0, at40=0.75, at60=0.25))
    assert accuracy_beyond_training(record) == 0.5


def test_an_accuracy_that_is_no_number_counts_as_none_right(make_record):
    record = make_record(generalization=label_rows(at40=math.nan, at60=0.5))
    assert accuracy_beyond_training(record) == 0.25


def test_without_labels_or_sizes_beyond_training_there_is_no_such_accuracy(make_record):
    assert accuracy_beyond_training(make_record(sizes=[(LONG, 1.0, 0.5)])) is None
    assert accuracy_beyond_training(make_record(generalization=label_rows(at20=1.0))) is None
    assert accuracy_beyond_training(make_record(generalization=label_rows(at40=1.0), training_range={})) is None
