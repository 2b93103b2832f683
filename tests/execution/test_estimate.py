import pytest

from mann_bench.execution.estimate import seconds_in_parallel, seconds_of_cells
from mann_bench.results.outlines import Outline


@pytest.fixture
def earlier(make_record):
    """Return a function that makes the outline of a run of so many steps and seconds."""

    def make(*arguments, steps=100, training=40.0, evaluation=10.0, **fields):
        seconds = {"training": training, "evaluation": evaluation, "compilation": 99.0}
        return Outline.of(make_record(*arguments, steps=steps, seconds=seconds, **fields))

    return make


def only(cells):
    (time,) = cells.values()
    return time and time.seconds


def test_a_run_takes_what_runs_of_its_cell_took(run_of, earlier):
    assert only(seconds_of_cells([run_of(seed=1)], [earlier(steps=100)])) == pytest.approx(50)


def test_seconds_a_step_and_steps_are_medians(run_of, earlier):
    records = [earlier(seed=i, steps=s, training=t) for i, (s, t) in enumerate([(100, 40), (200, 390), (300, 290)])]
    assert only(seconds_of_cells([run_of(seed=9)], records)) == pytest.approx(200 * 1.0)


def test_a_cell_takes_as_long_as_all_of_its_runs(run_of, earlier):
    runs = [run_of(seed=seed) for seed in (1, 2, 3)]
    assert only(seconds_of_cells(runs, [earlier()])) == pytest.approx(150)


def test_under_another_protocol_a_run_may_take_its_budget(run_of, earlier):
    run = run_of(protocol="collier2018:max_steps=1000")
    assert only(seconds_of_cells([run], [earlier()])) == pytest.approx(500)


def test_another_variant_of_the_model_tells_the_seconds_a_step(run_of, earlier):
    run = run_of("ntm:memory_slots=64", protocol="collier2018:max_steps=1000")
    assert only(seconds_of_cells([run], [earlier("ntm:memory_slots=32")])) == pytest.approx(500)


def test_the_same_variant_counts_before_others(run_of, earlier):
    records = [earlier("ntm:memory_slots=32", training=4000), earlier("ntm", seed=1), earlier("ntm:memory_slots=64")]
    assert only(seconds_of_cells([run_of("ntm")], records)) == pytest.approx(50)


@pytest.mark.parametrize(("model", "task"), [("lstm", "copy"), ("ntm", "repeat_copy")])
def test_another_model_or_task_tells_nothing(run_of, earlier, model, task):
    assert only(seconds_of_cells([run_of()], [earlier(model, task)])) is None


def test_a_run_that_failed_at_once_tells_nothing(run_of, make_failed_record):
    assert only(seconds_of_cells([run_of()], [Outline.of(make_failed_record())])) is None


def test_workers_share_what_is_known(run_of, earlier):
    cells = seconds_of_cells([run_of(seed=1), run_of("lstm")], [earlier()])
    assert seconds_in_parallel(cells, workers=2).seconds == pytest.approx(25)


def test_nothing_missing_takes_no_time():
    assert seconds_in_parallel(seconds_of_cells([], []), workers=2) == (0, False)


@pytest.mark.parametrize(("grace", "at_most"), [(100, True), (1_000, False)])
def test_a_budget_that_a_run_may_not_need_is_a_bound(run_of, earlier, grace, at_most):
    run = run_of(protocol=f"collier2018:max_steps=1000,grace={grace}")
    cells = seconds_of_cells([run, run_of(seed=1)], [earlier()])
    assert [time.at_most for time in cells.values()] == [at_most, False]
    assert seconds_in_parallel(cells, workers=1).at_most == at_most
