import pytest

from mann_bench.leaderboard.compare import compare_runs, compare_tests


@pytest.fixture
def cell(make_record):
    return [make_record(seed=seed, converged_at=at) for seed, at in enumerate((400, 600, 800))]


def changed(record, **fields):
    return record.model_copy(update=fields)


def elsewhere(record, **fields):
    """The record as of another CPU."""
    return changed(record, provenance=record.provenance.model_copy(update={"device_name": "Other CPU"}), **fields)


def test_times_dates_and_places_of_a_run_may_differ(cell):
    provenance = cell[0].provenance.model_copy(update={"date": "2026-01-01", "python": "3.13", "git_commit": None})
    seconds = cell[0].seconds.model_copy(update={"training": 9.0})
    curve = [row.model_copy(update={"training_seconds": 9.0}) for row in cell[0].curve]
    again = changed(cell[0], provenance=provenance, seconds=seconds, curve=curve, peak_memory_bytes=1)
    assert compare_runs(cell[0], again, cell)[:2] == ("bitwise", True)


def test_one_bit_is_a_difference_on_the_same_machine(cell):
    scores = cell[0].curve[0].scores
    row = changed(cell[0].curve[0], scores=scores | {"loss_bits": scores["loss_bits"] * (1 + 2**-52)})
    compared = compare_runs(cell[0], changed(cell[0], curve=[row, *cell[0].curve[1:]]), cell)
    assert compared[:2] == ("bitwise", False)
    assert compared.text.endswith("curve differ.")


def test_other_weights_are_a_difference_on_the_same_machine(cell):
    assert not compare_runs(cell[0], changed(cell[0], weights_sha256="1" * 64), cell).agrees


def test_a_score_that_is_no_number_equals_itself(make_record):
    record = make_record(sizes=(({"length": 20}, float("nan"), 0.0),))
    assert compare_runs(record, make_record(sizes=(({"length": 20}, float("nan"), 0.0),)), [record]).agrees


@pytest.mark.parametrize("change", [{"device_name": "Other CPU"}, {"torch": "2.10.0"}, {"threads": 2}])
def test_another_machine_is_compared_statistically_and_says_so(cell, change):
    again = changed(cell[0], provenance=cell[0].provenance.model_copy(update=change))
    compared = compare_runs(cell[0], again, cell)
    assert compared[:2] == ("statistical", True)
    assert "within a factor of 2 of the range of the entry's 3 seeds" in compared.text


def test_another_backend_is_compared_statistically(cell):
    assert compare_runs(cell[0], changed(cell[0], backend="native"), cell).comparison == "statistical"


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
    provenance = record.provenance.model_copy(update={"torch": torch})
    return changed(record, provenance=provenance, curve=[row, *record.curve[1:]])


@pytest.mark.parametrize("torch", ["2.12.0", "2.13.0+cpu", "3.0.0a0+gitabc"])
def test_across_torch_2_12_a_run_starts_from_other_weights_and_says_so(cell, torch):
    compared = compare_runs(cell[0], untrained_otherwise(cell[0], torch), cell)
    assert compared[:2] == ("statistical", True)
    assert compared.text.startswith("another sample, since torch 2.12 draws other truncated normal weights")
    assert f"one ran under 2.9.0, the other under {torch}" in compared.text


@pytest.mark.parametrize("torch", ["2.8.0", "2.11.0"])
def test_before_torch_2_12_the_untrained_model_must_be_the_same(cell, torch):
    assert not compare_runs(cell[0], untrained_otherwise(cell[0], torch), cell).agrees


def test_across_torch_2_12_convergence_must_still_lie_near_the_range_of_the_seeds(cell):
    again = changed(untrained_otherwise(cell[0], "2.12.0"), converged_first=1_601)
    assert not compare_runs(cell[0], again, cell).agrees


def test_elsewhere_a_run_that_fails_differs(cell):
    compared = compare_runs(cell[0], elsewhere(cell[0], error="Traceback", outcome="failed"), cell)
    assert not compared.agrees
    assert "the re-run ended failed, not converged" in compared.text


@pytest.mark.parametrize(
    ("errors", "bitwise", "elsewhere"), [(1.5, True, True), (1.51, False, True), (2.0, False, False)]
)
def test_test_scores_are_equal_or_near(make_record, errors, bitwise, elsewhere):
    record = make_record()
    rows = make_record(sizes=(({"length": 20}, errors, 0.25),)).generalization
    assert compare_tests(record, rows, bitwise=True)[:2] == ("bitwise", bitwise)
    assert compare_tests(record, rows, bitwise=False)[:2] == ("statistical", elsewhere)


def test_a_size_that_was_not_measured_again_differs(make_record):
    assert not compare_tests(make_record(), [], bitwise=False).agrees
