import itertools
import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.convergence import convergence_rows
from mann_bench.analysis.rows import flat
from mann_bench.statistics.medians import median_estimate, survival_median
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.statistics.survival import Durations

WHERE = {"step": 812, "culprit": "loss"}


def seeds(make_record, *steps):
    return [make_record(seed=seed, converged_at=at) for seed, at in enumerate(steps)]


def spread(estimate):
    low, high = estimate.interval[:2] if estimate.interval else (None, None)
    return low, estimate.value, high


def test_a_row_names_its_cell(make_record):
    (row,) = convergence_rows(cells([make_record("ntm:memory_slots=64", "repeat_copy", 3)]))
    assert (row.task, row.model, row.protocol) == ("repeat_copy", "ntm:memory_slots=64", "collier2018")
    assert (row.parameters, row.seeds) == (12_345, 1)


def test_convergence_is_measured_in_steps_sequences_and_seconds(make_record):
    # Of three seeds the interval goes from the least to the greatest: 75 %.
    (row,) = convergence_rows(cells(seeds(make_record, 1_000, 400, 600)))
    assert spread(row.steps.estimate) == (400, 600, 1_000)
    assert spread(row.sequences.estimate) == (12_800, 19_200, 32_000)
    assert spread(row.seconds.estimate) == (2.0, 3.0, 5.0)


def test_an_even_number_of_seeds_has_the_lower_of_the_middle_two(make_record):
    (row,) = convergence_rows(cells(seeds(make_record, 1_000, 400, 600, 800)))
    assert row.steps.estimate.value == 600


def test_a_median_and_its_interval_are_those_of_the_statistics(five_seeds):
    (row,) = convergence_rows(cells(five_seeds))
    estimate = survival_median(Durations.of([400, 800, None, None, None], 31_250))
    assert row.steps.estimate == estimate
    assert flat(row)["steps_interval"] == "93.8 % order statistics over seeds, n = 5"


def test_one_seed_has_no_interval(make_record):
    (row,) = convergence_rows(cells([make_record()]))
    assert (spread(row.steps.estimate), row.steps.estimate.interval) == ((None, 400, None), None)
    assert row.solved.interval is None


def test_only_training_until_convergence_counts(make_record):
    (row,) = convergence_rows(cells([make_record(converged_at=400, steps=2_400)]))
    assert row.steps.estimate.value == 400


def test_quartiles_are_reached_by_a_quarter_and_by_three_quarters_of_the_seeds(make_record):
    (row,) = convergence_rows(cells(seeds(make_record, 800, 400, 1_000, 600)))
    assert (row.steps.lower_quartile, row.steps.upper_quartile) == (400, 800)


def test_quartiles_and_the_restricted_mean_are_those_of_the_survival_curve(five_seeds):
    # Of five seeds 4/5 have not converged after step 400 and 3/5 after step 800, nor within the budget.
    (row,) = convergence_rows(cells(five_seeds))
    assert (row.steps.lower_quartile, row.steps.upper_quartile) == (800, math.inf)
    assert row.steps.restricted_mean == pytest.approx((400 + 800 + 3 * 31_250) / 5)


def test_the_budget_stands_beside_the_times(five_seeds):
    (row,) = convergence_rows(cells(five_seeds))
    assert [unit.budget for unit in (row.steps, row.sequences, row.seconds)] == [31_250, 1_000_000, 156.25]


def test_a_run_that_ended_before_its_budget_counts_until_there(make_record):
    # Censored at step 600, the second is no longer at risk at step 800, when the third and last one converges.
    (row,) = convergence_rows(cells(seeds(make_record, 400, None, 800)))
    assert row.steps.estimate.value == 800


def test_a_row_has_its_rule_and_the_final_score(make_ngrams_record):
    finals = {0: 12.5, 1: 0.5, 2: 2.0}
    (row,) = convergence_rows(cells([make_ngrams_record(seed=i, at=[(200, r, 133.25)]) for i, r in finals.items()]))
    assert (row.metric, row.below, *spread(row.final)) == ("regret_bits", 1.0, 0.5, 2.0, 12.5)


def test_the_final_score_is_the_plain_median_of_the_last_evaluations(make_record):
    (row,) = convergence_rows(cells(seeds(make_record, None, 400)))
    estimate = median_estimate([10.0, 0.05])
    assert row.final.value == estimate.value == pytest.approx((0.05 + 10.0) / 2)
    assert row.final.interval == estimate.interval


def test_a_run_without_an_evaluation_or_with_a_last_one_of_nan_has_the_worst_final_score(
    make_failed_record, make_record
):
    curve = [{"step": 0, "sequences": 0, "training_seconds": 0.0, "scores": {"bit_errors": math.nan}}]
    lost = [make_failed_record(), make_record(seed=1, converged_at=None, curve=curve)]
    assert spread(convergence_rows(cells(lost))[0].final) == (math.inf, math.inf, math.inf)
    assert spread(convergence_rows(cells([*lost, make_record(seed=2)]))[0].final) == (0.05, math.inf, math.inf)


def test_every_seed_counts_however_it_ended(five_seeds):
    (row,) = convergence_rows(cells(five_seeds))
    assert (row.seeds, row.solved.successes, row.diverged, row.failed) == (5, 2, 2, 1)


def test_the_share_of_solved_seeds_has_its_exact_interval(five_seeds):
    (row,) = convergence_rows(cells(five_seeds))
    assert row.solved.interval == clopper_pearson(2, 5)
    assert flat(row)["solved_interval"] == "95 % Clopper-Pearson, n = 5"


def test_a_run_that_diverged_after_convergence_is_solved(five_seeds):
    (row,) = convergence_rows(cells(five_seeds[1:2]))
    assert (row.solved.successes, row.diverged, row.steps.estimate.value) == (1, 1, 800)


def test_unsolved_seeds_stay_in_the_median_as_beyond_the_budget(five_seeds):
    (row,) = convergence_rows(cells(five_seeds))
    assert spread(row.steps.estimate) == (400, math.inf, math.inf)


def test_the_median_of_three_with_one_unsolved_is_known(five_seeds):
    (row,) = convergence_rows(cells(five_seeds[:3]))
    assert spread(row.steps.estimate) == (400, 800, math.inf)


def test_with_no_seed_solved_nothing_is_known(five_seeds):
    (row,) = convergence_rows(cells(five_seeds[2:]))
    assert (row.solved.successes, *spread(row.sequences.estimate)) == (0, math.inf, math.inf, math.inf)


def test_a_failed_run_alone_makes_a_row(make_failed_record):
    (row,) = convergence_rows(cells([make_failed_record()]))
    assert (row.seeds, row.solved.successes, row.failed, row.parameters) == (1, 0, 1, None)


def test_parameters_are_known_where_one_seed_knows_them(make_record, make_failed_record):
    (row,) = convergence_rows(cells([make_failed_record(seed=0), make_record(seed=1)]))
    assert row.parameters == 12_345


def test_the_order_of_the_records_does_not_matter(five_seeds, make_record):
    records = [*five_seeds[:3], make_record("lstm"), make_record(task="repeat_copy")]
    rows = convergence_rows(cells(records))
    assert all(convergence_rows(cells(order)) == rows for order in list(itertools.permutations(records))[::7])


def test_a_record_given_twice_counts_once(make_record):
    assert convergence_rows(cells([make_record(), make_record()])) == convergence_rows(cells([make_record()]))


def test_a_row_tells_its_backends_and_who_brought_what_ran(make_record):
    (row,) = convergence_rows(cells([make_record(seed=0, backend="native"), make_record(seed=1)]))
    assert (row.backend, row.origin) == ("eager, native", "mann-bench ntm v1, mann-bench copy v1")


def test_a_row_names_the_methods_of_a_training_of_its_own_and_others_name_none(make_record):
    own = make_record("acme", own_training=["training_step", "configure_optimizers"])
    first, second = convergence_rows(cells([own, make_record("ntm")]))
    assert first.own_training == "configure_optimizers, training_step"
    assert second.own_training is None
    assert "own_training" not in flat(second)


def test_a_row_names_the_hooks_of_a_model_of_all_its_runs(make_record):
    own = [make_record("acme", seed=seed, own_hooks=hooks) for seed, hooks in enumerate((["setup"], ["on_fit_end"]))]
    first, second = convergence_rows(cells([*own, make_record("ntm")]))
    assert first.own_hooks == "on_fit_end, setup"
    assert "own_hooks" not in flat(second)
