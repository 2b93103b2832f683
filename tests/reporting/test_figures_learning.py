import itertools
import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.groups import floor, groups
from mann_bench.analysis.curves.learning import learning_figure

INF, NAN = math.inf, math.nan
DIVERGED = {"outcome": "diverged", "divergence": {"step": 300, "culprit": "loss"}}


@pytest.fixture
def evaluated(make_record):
    """Return a function that makes a record whose validation errors are given by step; it ends with the last."""

    def make(seed, errors, **fields):
        curve = [
            {"step": step, "sequences": 32 * step, "training_seconds": 1.0, "scores": {"bit_errors": error}}
            for step, error in errors.items()
        ]
        return make_record(seed=seed, converged_at=None, **({"curve": curve, "steps": max(errors)} | fields))

    return make


def figure(*records):
    (group,) = groups(cells(records))
    return learning_figure(group)


def line(*records):
    (found,) = figure(*records).lines
    return found


def test_a_step_has_the_median_and_the_quartiles_over_seeds(evaluated):
    found = line(*(evaluated(seed, {0: errors}) for seed, errors in enumerate((5.0, 1.0, 4.0, 2.0, 3.0))))
    assert (found.steps, found.low, found.median, found.high) == ((0,), (2.0,), (3.0,), (4.0,))
    assert (found.label, found.seeds) == ("ntm", 5)


@pytest.mark.parametrize(
    ("errors", "quartiles"),
    [
        ([7.0], (7.0, 7.0, 7.0)),
        ([1.0, 4.0], (1.0, 2.5, 4.0)),
        ([1.0, 2.0, 4.0], (1.0, 2.0, 4.0)),
        ([1.0, 2.0, 4.0, 8.0], (1.5, 3.0, 6.0)),
        ([1.0, 2.0, INF, INF], (1.5, INF, INF)),
        ([1.0, 2.0, NAN], (1.0, 2.0, INF)),
    ],
)
def test_quartiles_of_any_sample(evaluated, errors, quartiles):
    found = line(*(evaluated(seed, {0: each}) for seed, each in enumerate(errors)))
    assert (*found.low, *found.median, *found.high) == quartiles


def test_a_run_that_ended_carries_its_last_score_on(evaluated):
    short, long = evaluated(0, {0: 9.0, 200: 1.0}), evaluated(1, {0: 9.0, 200: 5.0, 400: 3.0, 600: 2.0})
    found = line(short, long)
    assert found.steps == (0, 200, 400, 600)
    assert found.low == (9.0, 1.0, 1.0, 1.0)
    assert found.high == (9.0, 5.0, 3.0, 2.0)


def test_between_its_evaluations_a_run_has_the_last_score(evaluated):
    assert line(evaluated(0, {0: 9.0, 300: 1.0}), evaluated(1, {0: 9.0, 200: 5.0, 300: 5.0})).high == (9.0, 9.0, 5.0)


def test_a_run_that_diverged_is_infinitely_wrong_from_its_end_on(evaluated):
    lost = evaluated(0, {0: 9.0, 200: 1.0}, steps=300, **DIVERGED)
    found = line(lost, evaluated(1, {0: 8.0, 200: 2.0, 400: 2.0}))
    assert found.steps == (0, 200, 300, 400)
    assert found.high == (9.0, 2.0, INF, INF)
    assert found.low == (8.0, 1.0, 2.0, 2.0)


def test_a_run_that_diverged_alone_leaves_the_axis_where_it_ended(evaluated):
    found = line(evaluated(0, {0: 9.0, 200: 1.0}, steps=300, **DIVERGED))
    assert (found.steps, found.median) == ((0, 200, 300), (9.0, 1.0, INF))


def test_a_run_that_failed_is_infinitely_wrong_throughout(evaluated, make_failed_record):
    found = line(evaluated(0, {0: 9.0, 200: 1.0}), make_failed_record(seed=1))
    assert (found.seeds, found.low, found.high) == (2, (9.0, 1.0), (INF, INF))


def test_a_line_starts_where_every_evaluated_run_has_a_score(evaluated):
    assert line(evaluated(0, {0: 9.0, 200: 1.0}), evaluated(1, {200: 5.0, 400: 5.0})).steps == (200, 400)


def test_models_are_carried_on_to_the_end_of_their_own_longest_run(evaluated, make_record):
    lines = figure(evaluated(0, {0: 9.0}), make_record("lstm", converged_at=None)).lines
    assert [(each.label, each.steps[-1]) for each in lines] == [("lstm", 600), ("ntm", 0)]


def test_the_figure_knows_its_subject_and_its_batch_size(evaluated):
    found = figure(evaluated(0, {0: 9.0}))
    assert tuple(found.subject) == ("copy", "collier2018", "bit_errors", 0.1)
    assert (found.batch_size, found.floor) == (32, 0.001)


def test_where_batch_sizes_differ_there_is_none(make_record):
    found = figure(make_record(), make_record(protocol="collier2018:batch_size=16"))
    assert (found.batch_size, found.subject.protocol) == (None, None)


@pytest.mark.parametrize(
    ("below", "sequences", "expected"),
    [(0.1, 640, 0.001), (0.1, 64, 0.01), (1.0, 1, 0.1), (0.001, 10, 0.0001), (0.1, 1_000, 0.001), (0.0, 0, 1.0)],
)
def test_the_floor_is_a_power_of_ten_below_the_threshold_and_below_the_least_error(below, sequences, expected):
    assert floor(below, sequences) == expected


def test_without_an_evaluation_there_is_no_figure(make_failed_record):
    assert figure(make_failed_record()) is None


def test_the_order_of_the_records_does_not_matter(evaluated, make_failed_record):
    records = [evaluated(0, {0: 9.0, 200: 1.0}), evaluated(1, {0: 8.0, 400: 2.0}), make_failed_record(seed=2)]
    assert len({figure(*order) for order in itertools.permutations(records)}) == 1
    assert figure(*records, records[0]) == figure(*records)


def test_a_model_has_one_style_in_all_figures(make_record):
    found = groups(cells([make_record("lstm"), make_record("ntm"), make_record("ntm", "repeat_copy")]))
    styles = [(entry.label, entry.style) for group in found for entry in group.cells]
    assert styles == [("lstm", 0), ("ntm", 1), ("ntm", 1)]


def test_cells_with_unlike_rules_share_no_figure(make_record):
    records = [make_record(), make_record("lstm", convergence={"metric": "loss_bits", "below": 1.0})]
    assert [group.subject.metric for group in groups(cells(records))] == ["loss_bits", "bit_errors"]
