"""What is no fault, and what holds across entries. Faults: test_tampering.py."""

from pathlib import Path

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.leaderboard.checks.consistency import check_consistency
from mann_bench.leaderboard.checks.copies import copied_curves
from mann_bench.leaderboard.checks.identity import check_identity
from mann_bench.leaderboard.faults import Fault, FaultName
from mann_bench.leaderboard.files import load_entry, record_content
from mann_bench.leaderboard.validate import validate
from mann_bench.results.keys import record_key
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


def test_the_loss_of_longer_sequences_may_be_infinite(sound):
    rows = [row.model_dump() for row in sound.record.generalization]
    rows[-1]["scores"]["loss_bits"] = float("inf")
    assert sound(generalization=rows) == []


def test_a_model_of_a_plugin_that_is_not_here_is_let_pass(sound, rules):
    model = sound.record.model.model_copy(
        update={"name": "acme", "text": "acme:units=16", "distribution": "acme-memory", "options": {"units": 16}}
    )
    record = sound.record.model_copy(update={"model": model})
    record = record.model_copy(update={"key": record_key(record)})
    assert list(check_identity(record, rules)) == []


def test_a_text_that_hides_an_option_is_not(sound, rules):
    model = sound.record.model.model_copy(update={"text": "acme:units=17", "name": "acme", "options": {"units": 16}})
    record = sound.record.model_copy(update={"model": model})
    record = record.model_copy(update={"key": record_key(record)})
    assert [finding.name for finding in check_identity(record, rules)] == ["wrong-model"]


def test_a_study_that_is_not_here_is_a_fault(board):
    def unknown(study, models):
        raise UsageError(f"unknown study {study!r}.")

    (fault,) = validate([board.folder], [], unknown)
    assert (fault.name, fault.place) == ("wrong-study", "study")


@pytest.mark.parametrize(("part", "faults"), [("protocol", 0), ("model", 2)])
def test_the_same_seed_may_share_a_curve_under_another_protocol_not_with_another_model(board, part, faults):
    loaded = load_entry(board.folder)
    record = loaded.records[0]
    other = record.model_copy(update={part: getattr(record, part).model_copy(update={"version": 2})})
    other = other.model_copy(update={"key": record_key(other)})
    entries = [loaded, loaded._replace(folder=board.folder.with_name("other"), records=[other])]
    assert len(list(copied_curves(entries))) == faults


def test_a_curve_that_was_copied_often_is_found_in_every_copy(board):
    loaded = load_entry(board.folder)
    copies = [loaded.records[0].model_copy(update={"seed": seed, "key": f"{seed:064x}"}) for seed in range(100)]
    faults = list(copied_curves([loaded._replace(records=copies)]))
    assert len({fault.file for fault in faults}) == 100


def test_a_fault_does_not_steer_the_terminal():
    fault = Fault(FaultName.UNKNOWN_FILE, Path("\x1b[2J\n::error::"), None, "Remove it.")
    assert str(fault) == "unknown-file: \\x1b[2J\\n::error::: Remove it."


def test_a_record_is_one_line_and_keeps_every_number(sound_records):
    content = record_content(sound_records[0])
    assert content.count(b"\n") == 1
    assert Record.model_validate_json(content) == sound_records[0]
