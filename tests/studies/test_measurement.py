import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.studies.measurement import ClaimCells, UnmeasurableError, measure

BEYOND = math.nextafter(31_250, math.inf)


@pytest.fixture
def measured(make_claim):
    """Return a function that measures a claim on the records of one cell, and of others against it."""

    def call(metric, records, against=(), **fields):
        others = [[cells(row)[0] for row in task] for task in against]
        claim = make_claim(metric, **({"against": ["lstm"]} if against else {}), **fields)
        return measure(claim, ClaimCells(cells(records), others))

    return call


@pytest.fixture
def cell(make_record):
    """Return a function that makes the records of a cell from the steps at which its runs converged."""
    return lambda *steps, **fields: [make_record(seed=i, converged_at=at, **fields) for i, at in enumerate(steps)]


def test_convergence_is_the_median_in_steps(measured, cell):
    low, high, interval, *_ = measured("convergence", cell(400, 600, 1000))
    assert (low, high, interval.low, interval.high, interval.n) == (600, 600, 400, 1000, 3)


def test_convergence_of_half_the_runs_is_known_and_has_an_open_interval(measured, cell):
    low, high, interval, *_ = measured("convergence", cell(400, 600, None))
    assert (low, high, interval.low, interval.high) == (600, 600, 400, math.inf)


def test_convergence_beyond_the_budget_is_a_bound(measured, cell):
    low, high, interval, *_ = measured("convergence", cell(None, None))
    assert (low, high, interval.low, interval.high) == (BEYOND, math.inf, BEYOND, math.inf)


def test_a_speed_ratio_is_the_others_median_over_the_models(measured, cell):
    low, high, interval, *_ = measured("speed_ratio", cell(400, 400), against=[[cell(1000, 1000, model="lstm")]])
    assert (low, high, interval.low, interval.high) == (2.5, 2.5, 2.5, 2.5)


def test_the_fastest_of_the_others_counts_on_each_task(measured, make_record, cell):
    model = cell(400, 400) + cell(400, 400, task="repeat_copy")
    against = [[cell(800, 800, model=m), cell(1200, 1200, model=n)] for m, n in (("a", "b"), ("b", "a"))]
    assert measured("speed_ratio", model, against, tasks=["copy", "repeat_copy"])[:2] == (2, 2)


def test_faster_is_the_share_of_pairs_in_which_the_model_is_first(measured, cell):
    found = measured("faster", cell(400, 600, None), against=[[cell(600, None, None, model="lstm")]])
    # First in 400 against 600, and in four pairs against a run that never gets there; 600 ties, and so do two Nones.
    assert found.low == found.high == pytest.approx((1 + 4 + 3 * 0.5) / 9)
    assert (found.interval, found.test.lead < 0, found.test.n) == (None, True, (3, 3))


def test_faster_over_several_tasks_is_the_mean_of_their_shares(measured, cell):
    model = cell(400, 600) + cell(400, 400, task="repeat_copy")
    against = [[cell(800, 800, model="lstm")], [cell(None, 200, model="lstm", task="repeat_copy")]]
    found = measured("faster", model, against, tasks=["copy", "repeat_copy"])
    assert found.low == found.high == pytest.approx((1 + 0.5) / 2)
    assert (found.test.n, "2 strata" in found.test.method) == ((4, 4), True)


def test_a_speed_ratio_against_what_never_converges_is_a_lower_bound(measured, cell):
    low, high, interval, *_ = measured("speed_ratio", cell(1000, 1000), against=[[cell(None, None, model="lstm")]])
    assert (low, high, interval.high) == (31.25, math.inf, math.inf)


def test_a_run_that_had_converged_before_it_trained_has_no_speed(measured, make_record, cell):
    row = make_record().curve[-1].model_copy(update={"step": 0})
    with pytest.raises(UnmeasurableError, match="a run of ntm had converged before it trained"):
        measured("speed_ratio", [make_record(converged_at=0, curve=[row])], against=[[cell(400, model="lstm")]])


def test_solved_is_what_converged_even_if_it_diverged_later(measured, make_record, make_failed_record):
    where = {"step": 612, "culprit": "loss"}
    records = [
        make_record(seed=0),
        make_record(seed=1, outcome="diverged", divergence=where),
        make_failed_record(seed=2),
    ]
    low, high, interval, counted, _ = measured("solve_rate", records)
    assert low == high == pytest.approx(2 / 3)
    assert (interval.method, interval.n, counted) == ("Clopper-Pearson", 3, (2, 3))


def test_diverged_is_what_met_a_value_that_is_not_finite(measured, make_record):
    diverged = make_record(seed=0, converged_at=None, outcome="diverged", divergence={"step": 3, "culprit": "loss"})
    assert measured("divergence_rate", [diverged, make_record(seed=1), make_record(seed=2)]).low == 1 / 3


def test_a_run_that_failed_does_not_count_as_one_that_stays_finite(measured, make_record, make_failed_record):
    with pytest.raises(UnmeasurableError, match="1 of its runs failed"):
        measured("divergence_rate", [make_record(seed=0), make_failed_record(seed=1)])


@pytest.mark.parametrize("metric", ["solve_rate", "divergence_rate", "generalizing_rate"])
def test_a_rate_is_of_the_runs_of_all_cells(measured, cell, make_record, metric):
    where = {"converged_at": None, "outcome": "diverged", "divergence": {"step": 3, "culprit": "loss"}, "seed": 2}
    solved = [*cell(400, 600, probe=probes(1)), make_record(**where)]
    others = cell(None, None, model="lstm")
    successes = {"divergence_rate": 1}.get(metric, 2)
    low, _, interval, counted, _ = measured(metric, solved + others, model=None, models=["ntm", "lstm"])
    assert (low, interval.n, counted) == (successes / 5, 5, (successes, 5))
    assert (interval.low, interval.high) == clopper_pearson(successes, 5)[:2]


def test_a_rate_over_a_single_seed_has_no_interval(measured, cell):
    pooled = [record for model in ("ntm", "lstm", "dnc") for record in cell(400, model=model)]
    low, _, interval, counted, _ = measured("solve_rate", pooled, model=None, models=["ntm", "lstm", "dnc"])
    assert (low, interval, counted) == (1, None, (3, 3))


def probes(*accuracies):
    def rows(at):
        return [{"size": {"length": 120}, "sequences": 64, "scores": {"sequence_accuracy": at}}]

    return [{"step": 1000 * i, "rows": rows(at)} for i, at in enumerate(accuracies, start=1)]


def test_generalising_is_to_master_the_longest_size_to_the_end(measured, make_record):
    records = [make_record(seed=i, probe=probes(*at)) for i, at in enumerate([(0, 1), (1, 0), (0.99, 1), ()])]
    assert measured("generalizing_rate", records).low == 2 / 4


TEST = {"metric": "test_score", "size": {"length": 20}}


def test_a_test_score_is_the_median_over_seeds_at_its_size(measured, make_record):
    sizes = [[({"length": 20}, errors, 0.5), ({"length": 40}, 99, 0.0)] for errors in (3, 1, 2)]
    records = [make_record(seed=i, sizes=at) for i, at in enumerate(sizes)]
    low, high, interval, *_ = measured(records=records, score="bit_errors", **TEST)
    assert (low, high, interval.low, interval.high) == (2, 2, 1, 3)


@pytest.fixture
def optimum(make_ngrams_record, make_failed_record):
    """Return a function that makes a cell of which one run failed; the optimum of the others has a spread, or none."""

    def records(spread):
        record = make_ngrams_record()
        rows = [row.model_copy(update={"spread": spread}) for row in record.generalization]
        tested = [make_ngrams_record(seed=seed, generalization=rows) for seed in (0, 1)]
        rule = {"convergence": record.convergence, "task": "dynamic_ngrams"}
        return [*tested, make_failed_record(seed=2, **rule)]

    return records


def test_a_score_of_the_sequences_alone_has_an_interval_over_them(measured, optimum):
    low, high, interval, *_ = measured(
        "test_score", optimum({"bayes_bits": 29.9}), score="bayes_bits", size={"bits": 200}, tasks=["dynamic_ngrams"]
    )
    assert (low, high) == (133.25, 133.25)
    assert (interval.low, interval.high) == pytest.approx((133.25 - 4.256, 133.25 + 4.256), abs=1e-3)
    assert interval.words() == "95 % Student's t over sequences, n = 192"


@pytest.mark.parametrize("which", [{"size": {"bits": 200}}, {"metric": "training_score", "sequences": 6_400}])
def test_where_records_do_not_tell_the_spread_over_the_sequences_the_interval_is_unknown(measured, optimum, which):
    fields = {"metric": "test_score", "score": "bayes_bits", "tasks": ["dynamic_ngrams"]} | which
    assert measured(records=optimum({})[:2], **fields)[:3] == (133.25, 133.25, None)


def test_a_run_that_was_not_tested_counts_as_worst(measured, make_record, make_failed_record):
    records = [make_record(seed=0), make_failed_record(seed=1), make_failed_record(seed=2)]
    assert measured(records=records, score="bit_errors", **TEST).high == math.inf
    assert measured(records=records, score="sequence_accuracy", **TEST).high == 0


def test_a_score_that_is_no_number_counts_as_worst(measured, make_record):
    records = [make_record(seed=i, sizes=[({"length": 20}, math.nan, 0.0)]) for i in range(2)]
    assert measured(records=records, score="loss_bits", **TEST).low == math.inf


def test_a_run_without_the_score_counts_as_worst(measured, make_record):
    row = {"size": {"length": 20}, "sequences": 3, "scores": {"loss_bits": 1.0}}
    assert measured(records=[make_record(generalization=[row])], score="bit_errors", **TEST).low == math.inf


def test_one_run_has_no_interval(measured, make_record):
    assert measured(records=[make_record()], score="bit_errors", **TEST)[:3] == (1.5, 1.5, None)


@pytest.mark.parametrize(("sequences", "errors"), [(12_799, 10), (12_800, 0.05), (12_801, 0.05), (1_000_000, 0.05)])
def test_a_training_score_is_that_of_the_last_evaluation_up_to_then(measured, make_record, sequences, errors):
    records = [make_record(seed=seed, converged_at=400) for seed in range(3)]
    assert measured("training_score", records, score="bit_errors", sequences=sequences).low == errors


@pytest.mark.parametrize(("steps", "errors"), [(399, math.inf), (400, 10), (612, 10)])
def test_a_run_that_broke_off_before_counts_as_worst(measured, make_record, steps, errors):
    where = {"step": steps, "culprit": "loss"}
    diverged = make_record(converged_at=None, outcome="diverged", divergence=where, steps=steps)
    assert measured("training_score", [diverged], score="bit_errors", sequences=12_800).low == errors


def test_a_run_that_failed_at_once_has_the_worst_training_score(measured, make_failed_record):
    assert measured("training_score", [make_failed_record()], score="bit_errors", sequences=1).low == math.inf
