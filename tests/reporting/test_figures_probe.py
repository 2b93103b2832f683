import math

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.groups import groups
from mann_bench.analysis.curves.probe import probe_figure


@pytest.fixture
def probed(make_record):
    """Return a function that makes a record from its probes: by step, the errors at each length."""

    def make(probes, seed=0, model="ntm", **fields):
        def row(length, errors):
            scores = {"bit_errors": errors, "sequence_accuracy": 1.0 if errors == 0 else 0.5}
            return {"size": {"length": length}, "sequences": 64, "scores": scores}

        probe = [{"step": step, "rows": [row(*each) for each in errors.items()]} for step, errors in probes.items()]
        return make_record(model, seed=seed, probe=probe, **fields)

    return make


def figure(*records):
    (group,) = groups(cells(records))
    (drawn,) = group.cells
    return probe_figure(group.subject, drawn)


def test_a_panel_has_the_score_of_each_seed_at_each_step(probed):
    found = figure(probed({1_000: {40: 8.0}, 2_000: {40: 0.0}}, 3), probed({1_000: {40: 5.0}}, 7))
    (panel,) = found.panels
    assert [[tuple(point) for point in points] for points in panel.seeds] == [
        [(1_000, 8.0, False), (2_000, 0.0, True)],
        [(1_000, 5.0, False)],
    ]
    assert ([seed.seed for seed in found.seeds], found.label, found.floor) == ([3, 7], "ntm", 0.01)


def test_sizes_that_were_trained_on_come_first_and_else_the_grid_keeps_its_order(probed):
    found = figure(probed({1_000: {40: 1.0, 10: 1.0, 120: 1.0, 20: 1.0}}))
    assert [(panel.size, panel.in_training) for panel in found.panels] == [
        ("10", True), ("20", True), ("40", False), ("120", False)
    ]  # fmt: skip


def test_a_seed_has_the_steps_at_which_it_converged_and_from_which_it_masters_the_longest_size(probed):
    solves = probed({1_000: {20: 0.0, 40: 0.0}, 2_000: {20: 0.0, 40: 1.0}, 3_000: {20: 0.0, 40: 0.0}}, converged_at=800)
    never = probed({1_000: {20: 0.0, 40: 9.0}}, 1, converged_at=600)
    found = figure(solves, never)
    assert [(seed.converged_at, seed.generalizes_from) for seed in found.seeds] == [(800, 3_000), (600, None)]
    assert found.longest == "40"


def test_a_seed_that_was_never_probed_stays(probed, make_failed_record):
    found = figure(probed({1_000: {40: 8.0}}), make_failed_record(seed=1))
    assert [(seed.seed, seed.outcome) for seed in found.seeds] == [(0, "converged"), (1, "failed")]
    assert [len(points) for points in found.panels[0].seeds] == [1, 0]


def test_where_no_sequence_can_be_right_a_size_is_mastered_where_the_rule_is_met(make_ngrams_record):
    rows = [
        {"size": {"bits": 200}, "sequences": 64, "scores": {"regret_bits": regret, "loss_bits": 140.0}}
        for regret in (1.5, 0.5)
    ]
    record = make_ngrams_record(probe=[{"step": 1_000 * i, "rows": [row]} for i, row in enumerate(rows, start=1)])
    assert [point.mastered for point in figure(record).panels[0].seeds[0]] == [False, True]


def test_a_score_that_is_no_number_is_infinitely_wrong(probed):
    assert figure(probed({1_000: {40: math.nan}})).panels[0].seeds[0][0].score == math.inf


def test_a_panel_knows_chance_and_whether_it_is_beyond_the_memory(probed):
    sizes = [({"length": n}, 1.0, 0.5) for n in (20, 40)]
    found = figure(probed({1_000: {20: 1.0, 40: 1.0}}, model="ntm:memory_slots=30", sizes=sizes))
    assert [(panel.chance, panel.beyond_capacity) for panel in found.panels] == [(20.0, False), (40.0, True)]


def test_without_training_range_and_grid_they_are_not_made_up(probed):
    (panel,) = figure(probed({1_000: {20: 1.0}}, training_range={}, grid=[])).panels
    assert (panel.in_training, panel.beyond_capacity, panel.chance) == (False, False, None)


def test_without_a_probe_there_is_no_figure(make_record):
    assert figure(make_record()) is None


def test_the_order_of_the_records_does_not_matter(probed):
    records = [probed({1_000: {20: float(seed)}}, seed) for seed in range(3)]
    assert figure(*records) == figure(*reversed(records))
