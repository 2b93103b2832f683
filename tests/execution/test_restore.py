import json

import pytest
import safetensors.torch
import torch

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.core.jobs import Job
from mann_bench.core.streams import Stream
from mann_bench.execution.restore import restore
from mann_bench.execution.worker import execute_job
from mann_bench.models.lstm import LSTMModel
from mann_bench.registry import Registry
from mann_bench.results.keys import record_key
from mann_bench.results.schema import Record
from mann_bench.results.store import digest, load_record
from mann_bench.tasks.copy import Copy
from mann_bench.training.trainer import train

LSTM, NTM = "lstm:layers=1,units=4", "ntm:controller_size=8,memory_slots=6,slot_width=4,memory_trainable=false"


@pytest.fixture
def registry():
    return Registry.discover(third_party=False)


@pytest.fixture
def recorded(make_run, tmp_path, monkeypatch):
    """Return a function that executes a run and returns the file of its record."""
    monkeypatch.setattr(Copy, "test_sizes", lambda task: task.training_sizes())

    def make(model=LSTM, **fields):
        run = make_run(model, task="copy:max_length=2,bits=3", **fields)
        execute_job(Job(run, "cpu", "eager", tmp_path), lambda event: None)
        return (tmp_path / run.key).rename(tmp_path / "run") / "record.json"

    return make


def edit(file, **changes):
    """Change fields of a record; `part__field` is a field of a part."""
    content = json.loads(file.read_text())
    for path, value in changes.items():
        *parts, field = path.split("__")
        inner = content
        for part in parts:
            inner = inner[part]
        inner[field] = value
    content["key"] = record_key(Record.model_validate(content))
    file.write_text(json.dumps(content))


def replace_weights(file, content):
    file.with_name("weights.safetensors").write_bytes(content)
    edit(file, weights_sha256=digest(content))


def test_an_option_that_run_keys_leave_out_at_its_default_is_restored(recorded, registry):
    file = recorded("sam:controller_size=8,index=approximate,memory_init=random,memory_slots=64,slot_width=4")
    assert restore(registry, file).record.model.options["index"] == "approximate"


def test_the_weights_are_those_that_were_kept(recorded, registry, make_run):
    file = recorded(NTM)
    kept = train(make_run(NTM, task="copy:max_length=2,bits=3"), "cpu", "eager", lambda event: None).weights
    restored = restore(registry, file).model.state_dict()
    assert restored.keys() == kept.keys()
    assert all(torch.equal(restored[name], kept[name]) for name in kept)


def test_the_model_scores_what_the_record_states(recorded, registry):
    record, model, task = restore(registry, recorded(NTM, test_sequences=5))
    row = record.generalization[-1]
    batch = task.evaluation_batch(Stream.TEST, row.size, 5)
    scores = task.scores(model(batch.inputs), batch)
    assert {name: each.mean().item() for name, each in scores.items()} == pytest.approx(row.scores, rel=1e-5)


def test_record_and_task_are_those_of_the_run(recorded, registry):
    file = recorded()
    restored = restore(registry, file)
    assert restored.record == load_record(file)
    assert (restored.task.max_length, restored.task.bits) == (2, 3)


def test_restoring_leaves_the_callers_random_state_alone(recorded, registry):
    file, before = recorded(), torch.random.get_rng_state()
    restore(registry, file)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_missing_record_is_an_error(registry, tmp_path):
    with pytest.raises(StoreError, match="cannot be read: No such file"):
        restore(registry, tmp_path / "record.json")


def test_missing_weights_are_an_error(recorded, registry):
    file = recorded()
    file.with_name("weights.safetensors").unlink()
    with pytest.raises(StoreError, match=r"weights\.safetensors: the weights cannot be read: No such file"):
        restore(registry, file)


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: b"", lambda content: content + b"0"])
def test_other_weights_than_those_of_the_record_are_an_error(recorded, registry, change):
    file = recorded()
    weights = file.with_name("weights.safetensors")
    weights.write_bytes(change(weights.read_bytes()))
    with pytest.raises(StoreError, match="these are not the weights of the record beside it"):
        restore(registry, file)


def test_weights_of_another_shape_are_an_error(recorded, registry):
    file = recorded()
    replace_weights(file, safetensors.torch.save(LSTMModel(4, 3, layers=1, units=5).state_dict()))
    with pytest.raises(StoreError, match="do not fit 'lstm:layers=1,units=4'"):
        restore(registry, file)


@pytest.mark.parametrize("names", [["readout.weight"], ["readout.weight", "readout.bias", "more"], []])
def test_weights_of_other_names_are_an_error(recorded, registry, names):
    file = recorded()
    replace_weights(file, safetensors.torch.save({name: torch.zeros(1) for name in names}))
    with pytest.raises(StoreError, match="do not fit"):
        restore(registry, file)


def test_a_file_of_weights_that_is_none_is_an_error(recorded, registry):
    file = recorded()
    replace_weights(file, b"garbage")
    with pytest.raises(StoreError, match="do not fit"):
        restore(registry, file)


@pytest.mark.parametrize("kind", ["model", "task"])
def test_another_version_is_an_error_that_says_what_to_install(recorded, registry, kind):
    file = recorded()
    edit(file, **{f"{kind}__version": 7, f"{kind}__distribution_version": "9.8"})
    here = {"model": registry.models["lstm"], "task": registry.tasks["copy"]}[kind].spec.version
    expected = f"needs version 7 of {kind} .*, but version {here} is installed. Install mann-bench 9.8"
    with pytest.raises(UsageError, match=expected):
        restore(registry, file)


@pytest.mark.parametrize("kind", ["model", "task"])
def test_a_name_that_is_not_installed_is_an_error(recorded, registry, kind):
    file = recorded()
    edit(file, **{f"{kind}__name": "acme"})
    with pytest.raises(UsageError, match=f"unknown {kind} 'acme'"):
        restore(registry, file)


def test_an_option_that_is_gone_is_an_error(recorded, registry):
    file = recorded()
    edit(file, model__options={"layers": 1, "units": 4, "gone": 2})
    with pytest.raises(UsageError, match="gone"):
        restore(registry, file)


def test_an_option_that_came_later_has_its_default(recorded, registry):
    file = recorded(NTM)
    options = load_record(file).model.options
    edit(file, model__options={name: value for name, value in options.items() if name != "shift_range"})
    assert restore(registry, file).model.cell.interface.out_features == 2 * (4 + 6) + 2 * 4


def test_a_failed_run_has_no_weights_to_restore(recorded, registry, monkeypatch):
    monkeypatch.setattr("mann_bench.execution.worker.train", lambda *_: 1 / 0)
    with pytest.raises(StoreError, match="kept no weights: its outcome is failed"):
        restore(registry, recorded())
