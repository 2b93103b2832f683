"""Runs that agree with themselves. Those that do not: test_tampering.py."""

import dataclasses

import pytest

from mann_bench.leaderboard.checks.consistency import check_consistency
from mann_bench.results.schema import Record


@pytest.fixture
def sound(make_sound, smoke_runs, rules):
    """Return a function that names the faults of a sound record of which fields were changed."""

    def faults(**changes):
        record = Record.model_validate(make_sound(smoke_runs[0]).model_dump() | changes)
        return [finding.name.value for finding in check_consistency(record, rules.tasks[record.task.text])]

    faults.record = make_sound(smoke_runs[0])
    return faults


def test_a_run_that_diverged_between_evaluations_is_sound(sound):
    divergence = {"step": 147, "culprit": "loss"}
    curve = sound.record.curve[:8]
    changed = {"steps": 147, "best_step": 140, "curve": curve, "probe": [], "divergence": divergence}
    assert sound(outcome="diverged", **changed) == []


def test_a_run_whose_last_evaluation_diverged_is_sound(sound):
    curve = [row.model_dump() for row in sound.record.curve[:8]]
    curve[7]["scores"]["loss_bits"] = float("nan")
    divergence = {"step": 140, "culprit": "validation loss"}
    changed = {"steps": 140, "best_step": 120, "curve": curve, "probe": [], "divergence": divergence}
    assert sound(outcome="diverged", converged_confirmed=None, **changed) == []


def test_a_run_that_failed_is_sound_without_measurements(sound):
    fields = ("curve", "probe", "generalization", "grid")
    nothing = {"steps": 0, "best_step": 0, "converged_first": None, "converged_confirmed": None}
    nothing |= {field: [] for field in fields} | {"weights_sha256": None, "error": "Traceback"}
    assert sound(outcome="failed", **nothing) == []


def test_a_run_that_failed_and_measured_is_not(sound):
    assert set(sound(outcome="failed", error="Traceback")) == {"outcome"}


def test_records_of_earlier_versions_state_no_grid(sound):
    assert sound(grid=[], training_range={}) == []


def test_a_grace_after_both_is_counted_from_the_later_one(sound):
    record = sound.record.model_dump()
    late = record["converged_first"] + 20
    for row in record["curve"]:
        wrong = float(row["step"] < late)
        bits = {"bit_errors": wrong, "bit_error_rate": wrong / 4, "sequence_accuracy": 1 - wrong}
        row["target_scores"] = row["scores"] | bits
    fields = record["protocol"]["fields"] | {"grace_after": "both"}
    assert sound(curve=record["curve"], protocol=record["protocol"] | {"fields": fields}) == ["budget"]
    fields["grace"] -= 20
    assert sound(curve=record["curve"], protocol=record["protocol"] | {"fields": fields}) == []


def test_the_loss_of_longer_sequences_may_be_infinite(sound):
    rows = [row.model_dump() for row in sound.record.generalization]
    rows[-1]["scores"]["loss_bits"] = float("inf")
    assert sound(generalization=rows) == []


def test_sequences_that_are_scored_on_unequally_many_steps_need_not_agree_in_their_means(sound, rules):
    task = rules.tasks[sound.record.task.text]
    row = sound.record.generalization[0]
    scores = row.scores | {"bit_error_rate": row.scores["bit_error_rate"] / 2}
    rows = [row.model_copy(update={"scores": scores}), *sound.record.generalization[1:]]
    record = sound.record.model_copy(update={"generalization": rows})
    found = [len([*check_consistency(record, dataclasses.replace(task, alike=alike))]) for alike in (True, False)]
    assert found == [1, 0]
