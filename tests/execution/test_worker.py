import hashlib

import pytest
import safetensors.torch

from mann_bench.core.errors import StoreError
from mann_bench.core.events import Finished, Probed, Started
from mann_bench.core.runs import Outcome
from mann_bench.execution.worker import Job, execute_job
from mann_bench.models.lstm import LSTMModel
from mann_bench.results.schema import ProbeRow
from mann_bench.results.store import Store


@pytest.fixture
def execute_run(make_run, tmp_path):
    """Return a function that executes one run and returns its record and what was observed."""

    def do(**fields):
        events = []
        run = make_run(**fields)
        execute_job(Job(run, "cpu", "eager", tmp_path), events.append)
        return Store(tmp_path).find(run.key), events

    return do


def test_the_record_states_what_was_asked_for_and_what_was_resolved(execute_run):
    record, _ = execute_run(max_steps=6)
    assert record.model.given == {"layers": "1", "units": "8"}
    assert record.model.options == {"layers": 1, "units": 8}
    assert record.protocol.given["max_steps"] == "6"
    assert record.protocol.fields["optimizer"] == "adam"
    assert (record.outcome, record.steps) == (Outcome.NOT_CONVERGED, 6)


def test_sizes_are_counted_from_the_tensors(execute_run):
    record, _ = execute_run()
    model = LSTMModel(9, 8, layers=1, units=8)
    assert record.parameters == sum(p.numel() for p in model.parameters())
    assert record.state_bytes == 2 * 8 * 4


def test_the_weights_lie_beside_the_record(execute_run, tmp_path):
    record, _ = execute_run()
    content = (tmp_path / record.key / "weights.safetensors").read_bytes()
    assert record.weights_sha256 == hashlib.sha256(content).hexdigest()
    assert "readout.weight" in safetensors.torch.load(content)


def test_provenance_is_stated(execute_run):
    record, _ = execute_run()
    assert (record.provenance.device, record.provenance.threads) == ("cpu", 1)
    assert record.model.distribution == "mann-bench"
    assert record.peak_memory_bytes > 10_000_000


def test_start_and_end_are_observed(execute_run, tmp_path):
    record, events = execute_run()
    assert isinstance(events[0], Started)
    assert events[-1] == Finished(record.key, Outcome.NOT_CONVERGED, tmp_path / record.key)


def test_the_record_has_the_probes_that_were_observed(execute_run):
    record, events = execute_run(probe_every=2)
    assert record.probe == [ProbeRow.of(event.step, event.rows) for event in events if isinstance(event, Probed)]
    assert [at.step for at in record.probe] == [2, 4]


def test_a_run_that_raises_is_a_failed_record_with_its_traceback(execute_run, monkeypatch):
    def broken(model, inputs):
        raise RuntimeError("the plugin's fault")

    monkeypatch.setattr(LSTMModel, "forward", broken)
    record, _ = execute_run()
    assert record.outcome is Outcome.FAILED
    assert "RuntimeError: the plugin's fault" in record.error
    assert record.weights_sha256 is None


def test_a_full_disk_at_the_records_write_leaves_nothing_half_written(execute_run, monkeypatch, tmp_path):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match=r"No space left on device.*Make room"):
        execute_run()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_observer_that_has_gone_is_not_the_runs_failure(make_run, tmp_path):
    def gone(event):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        execute_job(Job(make_run(), "cpu", "eager", tmp_path), gone)
    assert list(tmp_path.iterdir()) == []


def test_checkpoints_that_a_fresh_run_cannot_remove_are_an_error(make_run, tmp_path, monkeypatch):
    run = make_run()
    (tmp_path / run.key).mkdir()
    (tmp_path / run.key / "checkpoint-2.pt").touch()
    monkeypatch.setattr("pathlib.Path.unlink", denied)
    with pytest.raises(StoreError, match=r"cannot be removed: Permission denied\. Remove them"):
        execute_job(Job(run, "cpu", "eager", tmp_path, fresh=True), lambda event: None)


def test_checkpoints_that_cannot_be_removed_do_no_harm_beside_a_record(make_run, tmp_path, monkeypatch):
    run, events = make_run(), []
    (tmp_path / run.key).mkdir()
    (tmp_path / run.key / "checkpoint-2.pt").touch()
    monkeypatch.setattr("pathlib.Path.unlink", denied)
    execute_job(Job(run, "cpu", "eager", tmp_path), events.append)
    assert isinstance(events[-1], Finished)


def denied(*_, **__):
    raise OSError(13, "Permission denied")
