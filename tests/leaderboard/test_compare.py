import pytest

from mann_bench.core.backends import Backend
from mann_bench.core.runs import Outcome
from mann_bench.leaderboard.compare import compare_runs, compare_starts, compare_tests
from mann_bench.results.schema import InitialWeightsRecord

ROUNDING = {"cpu_capability": "AVX512", "blas": "mkl", "rounding": "0123456789abcdef"}
EQUAL = "curve, probe, test, weights and all else but times: equal."


@pytest.fixture
def cell(make_record):
    """The seeds of a cell, each on a machine that tells how it rounds."""
    return [placed(make_record(seed=seed, converged_at=at), **ROUNDING) for seed, at in enumerate((400, 600, 800))]


def changed(record, **fields):
    return record.model_copy(update=fields)


def placed(record, **fields):
    """The record as of a machine, or software, with these fields."""
    return changed(record, provenance=record.provenance.model_copy(update=fields))


def rounded(record):
    """The record with a loss that is one bit off."""
    scores = record.curve[0].scores
    row = changed(record.curve[0], scores=scores | {"loss_bits": scores["loss_bits"] * (1 + 2**-52)})
    return changed(record, curve=[row, *record.curve[1:]])


def elsewhere(record, **fields):
    """The record as of another CPU."""
    return placed(changed(record, **fields), device_name="Other CPU")


def test_times_dates_and_places_of_a_run_may_differ(cell):
    provenance = cell[0].provenance.model_copy(update={"date": "2026-01-01", "python": "3.13", "git_commit": None})
    seconds = cell[0].seconds.model_copy(update={"training": 9.0})
    curve = [row.model_copy(update={"training_seconds": 9.0}) for row in cell[0].curve]
    again = changed(cell[0], provenance=provenance, seconds=seconds, curve=curve, peak_memory_bytes=1)
    assert compare_runs(cell[0], again, cell)[:2] == ("bitwise", True)


def test_one_bit_is_a_difference_on_the_same_machine(cell):
    compared = compare_runs(cell[0], rounded(cell[0]), cell)
    assert compared[:2] == ("bitwise", False)
    assert compared.text.endswith("curve differ.")


def test_other_weights_are_a_difference_on_the_same_machine(cell):
    assert not compare_runs(cell[0], changed(cell[0], weights_sha256="1" * 64), cell).agrees


def test_a_spread_must_repeat_where_both_tell_it(make_record):
    def record(**spread):
        (row,) = make_record().generalization
        return placed(make_record(generalization=[row.model_copy(update={"spread": spread})]), **ROUNDING)

    known, other, unknown = record(bit_errors=0.5), record(bit_errors=0.6), record()
    for compare in (
        lambda one, again: compare_runs(one, again, [one]),
        lambda one, again: compare_tests(one, again.generalization, why=""),
    ):
        assert compare(known, unknown).agrees
        assert compare(unknown, known).agrees
        assert compare(known, other).text.endswith("spread differ.")


def test_a_score_that_is_no_number_equals_itself(make_record):
    record = make_record(sizes=(({"length": 20}, float("nan"), 0.0),))
    assert compare_runs(record, make_record(sizes=(({"length": 20}, float("nan"), 0.0),)), [record]).agrees


OTHER = {
    "device_name": "Other CPU", "torch": "2.10.0", "threads": 2, "cpu_capability": "AVX2", "blas": "open",
    "rounding": "fedcba9876543210", "compiler": "g++ 14.2.0, for processor 0123456789ab",
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), OTHER.items())
def test_another_machine_is_compared_statistically_and_says_why(cell, name, value):
    compared = compare_runs(cell[0], placed(rounded(cell[0]), **{name: value}), cell)
    assert compared[:2] == ("statistical", True)
    assert compared.text.startswith(f"{name} {value}, not ")
    assert "within a factor of 2 of the range of the entry's 3 seeds" in compared.text


def test_another_backend_is_compared_statistically_and_says_so(cell):
    compared = compare_runs(cell[0], changed(cell[0], backend=Backend.NATIVE), cell)
    assert compared.comparison == "statistical"
    assert compared.text.startswith("backend native, not eager: ")


def test_a_record_that_does_not_tell_how_its_machine_rounds_may_be_of_another_machine(cell):
    old = placed(cell[0], **dict.fromkeys(ROUNDING))
    compared = compare_runs(old, rounded(cell[0]), cell)
    assert compared[:2] == ("statistical", True)
    assert compared.text.startswith(
        "the record does not tell how its machine rounds, so it cannot be taken for the same"
    )


def test_a_run_that_repeats_to_the_last_bit_is_equal_wherever_it_was_done(cell):
    old = placed(cell[0], **dict.fromkeys(ROUNDING))
    assert compare_runs(old, elsewhere(cell[0]), cell) == ("bitwise", True, EQUAL)


@pytest.mark.parametrize(("steps", "agrees"), [(200, True), (1_600, True), (199, False), (1_601, False), (None, False)])
def test_elsewhere_convergence_must_lie_near_the_range_of_the_seeds(cell, steps, agrees):
    assert compare_runs(cell[0], elsewhere(cell[0], converged_first=steps), cell).agrees is agrees


def test_elsewhere_a_run_may_fail_to_converge_where_another_seed_did(cell, make_record):
    unsolved = [*cell, make_record(seed=3, converged_at=None)]
    assert compare_runs(cell[0], elsewhere(cell[0], converged_first=None), unsolved).agrees


def test_elsewhere_the_untrained_model_must_be_the_same(cell):
    row = changed(cell[0].curve[0], scores=cell[0].curve[0].scores | {"loss_bits": 21.0})
    compared = compare_runs(cell[0], elsewhere(cell[0], curve=[row, *cell[0].curve[1:]]), cell)
    assert not compared.agrees
    assert "loss_bits before training is 21, not 20" in compared.text


def untrained_otherwise(record, torch):
    """The record as of another version of torch, with other scores before training."""
    row = changed(record.curve[0], scores=record.curve[0].scores | {"bit_errors": 9.0})
    return placed(changed(record, curve=[row, *record.curve[1:]]), torch=torch)


@pytest.mark.parametrize("torch", ["2.12.0", "2.13.0+cpu", "3.0.0a0+gitabc"])
def test_across_torch_2_12_a_run_starts_from_other_weights_and_says_so(cell, torch):
    compared = compare_runs(cell[0], untrained_otherwise(cell[0], torch), cell)
    assert compared[:2] == ("statistical", True)
    assert "another sample, since torch 2.12 draws other truncated normal weights" in compared.text
    assert f"one ran under 2.9.0, the other under {torch}" in compared.text


@pytest.mark.parametrize("torch", ["2.8.0", "2.11.0"])
def test_before_torch_2_12_the_untrained_model_must_be_the_same(cell, torch):
    assert not compare_runs(cell[0], untrained_otherwise(cell[0], torch), cell).agrees


def test_across_torch_2_12_convergence_must_still_lie_near_the_range_of_the_seeds(cell):
    again = changed(untrained_otherwise(cell[0], "2.12.0"), converged_first=1_601)
    assert not compare_runs(cell[0], again, cell).agrees


def started(record, sha256, portable=True):
    """The record as of a run that tells what it started from."""
    return changed(record, initial_weights=InitialWeightsRecord(sha256=64 * sha256, portable=portable))


def test_elsewhere_the_same_initial_weights_are_told(cell):
    compared = compare_runs(started(cell[0], "a"), elsewhere(started(rounded(cell[0]), "a")), cell)
    assert compared[:2] == ("statistical", True)
    assert ": initial weights equal, scores before training within 0.1%, steps" in compared.text


def test_initial_weights_that_are_the_same_everywhere_must_be(cell):
    compared = compare_runs(started(cell[0], "a"), elsewhere(started(cell[0], "b")), cell)
    assert compared[:2] == ("statistical", False)
    assert "it started from other weights, which are the same for a seed on every processor" in compared.text


def test_initial_weights_that_torch_draws_may_be_others_elsewhere(cell):
    again = started(untrained_otherwise(cell[0], "2.9.1"), "b", portable=False)
    compared = compare_runs(started(cell[0], "a", portable=False), again, cell)
    assert compared[:2] == ("statistical", True)
    assert "another sample, since torch draws the initial weights of this model, and drew others" in compared.text


def test_equal_initial_weights_are_one_sample_across_torch_2_12(cell):
    again = started(untrained_otherwise(cell[0], "2.12.0"), "a")
    assert "bit_errors before training is 9, not " in compare_runs(started(cell[0], "a"), again, cell).text


def test_other_initial_weights_are_a_difference_on_the_same_machine(cell):
    compared = compare_runs(started(cell[0], "a"), started(cell[0], "b"), cell)
    assert compared[:2] == ("bitwise", False)
    assert compared.text.endswith("initial_weights differ.")


def test_a_record_of_before_does_not_tell_its_initial_weights(cell):
    assert compare_runs(cell[0], started(cell[0], "a"), cell) == ("bitwise", True, EQUAL)


def test_elsewhere_a_run_that_fails_differs(cell):
    compared = compare_runs(cell[0], elsewhere(cell[0], error="Traceback", outcome=Outcome.FAILED), cell)
    assert not compared.agrees
    assert "the re-run ended failed, not converged" in compared.text


@pytest.mark.parametrize(
    ("errors", "here", "elsewhere"),
    [
        (1.5, ("bitwise", True), ("bitwise", True)),
        (1.51, ("bitwise", False), ("statistical", True)),
        (2.0, ("bitwise", False), ("statistical", False)),
    ],
)
def test_test_scores_are_equal_or_near(make_record, errors, here, elsewhere):
    record = make_record()
    rows = make_record(sizes=(({"length": 20}, errors, 0.25),)).generalization
    assert compare_tests(record, rows, "")[:2] == here
    assert compare_tests(record, rows, "another machine")[:2] == elsewhere


def test_test_scores_elsewhere_say_why_they_need_only_be_near(make_record):
    rows = make_record(sizes=(({"length": 20}, 1.51, 0.25),)).generalization
    assert compare_tests(make_record(), rows, "threads 2, not 1").text.startswith(
        "threads 2, not 1: scores on the test"
    )


def test_a_size_that_was_not_measured_again_differs(make_record):
    assert not compare_tests(make_record(), [], "another machine").agrees


def starts(record, untrained=0.0, later=0.0):
    """The first two evaluations of a run, their losses off by shares."""
    rows = zip(record.curve[:2], (untrained, later), strict=True)
    return [
        changed(row, step=200 * n, scores=row.scores | {"loss_bits": row.scores["loss_bits"] * (1 + off)})
        for n, (row, off) in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("off", "agrees"), [((2e-9, 3.3e-4), True), ((3e-5, 0.0), False), ((0.0, 0.05), False), ((0.0, 0.0), True)]
)
def test_a_start_agrees_elsewhere_as_far_as_rounding_goes(make_record, off, agrees):
    record = make_record(converged_at=None)
    record = changed(record, curve=starts(record))
    assert compare_starts(record, starts(record, *off), "Other CPU").agrees is agrees


def test_a_start_must_be_equal_on_the_same_machine(make_record):
    record = make_record(converged_at=None)
    record = changed(record, curve=starts(record))
    assert compare_starts(record, starts(record), None) == ("bitwise", True, "scores after 0 and 200 steps: equal.")
    assert not compare_starts(record, starts(record, 1e-15), None).agrees
