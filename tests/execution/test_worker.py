import hashlib

import pytest
import safetensors.torch

from mann_bench.core.errors import StoreError
from mann_bench.core.events import Busy, Evaluated, Finished, Probed, Started
from mann_bench.core.jobs import Job
from mann_bench.core.runs import Outcome
from mann_bench.execution import worker
from mann_bench.execution.arithmetic import rounding
from mann_bench.execution.worker import execute_job
from mann_bench.models.lstm import LSTMModel
from mann_bench.results.process import Process
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


def test_a_training_of_the_models_own_is_stated(execute_run, monkeypatch):
    monkeypatch.setattr(LSTMModel, "clip_gradient_norm", lambda model: None)
    record, _ = execute_run()
    assert (record.own_training, record.error) == (["clip_gradient_norm"], None)


def test_provenance_is_stated(execute_run):
    record, _ = execute_run()
    assert (record.provenance.device, record.provenance.threads) == ("cpu", 1)
    assert record.provenance.rounding == rounding("cpu")
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


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError])
def test_an_observer_that_has_gone_is_not_the_runs_failure(make_run, tmp_path, error):
    def gone(event):
        raise error

    with pytest.raises(error):
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


@pytest.fixture
def somebody(make_run, tmp_path):
    """Return a job, and a function that makes its lock that of another machine's process."""
    job = Job(make_run(), "cpu", "eager", tmp_path)

    def lock():
        (tmp_path / job.run.key).mkdir(exist_ok=True)
        path = tmp_path / job.run.key / "lock-1"
        path.write_bytes(Process(host="node7", pid=12, machine="another").to_bytes())
        return path

    return job, lock


def test_a_run_that_another_process_does_is_left_to_it(somebody):
    (job, lock), events = somebody, []
    lock()
    assert execute_job(job, events.append) is False
    assert events == [Busy(job.run.key, "process 12 of node7")]


def test_who_is_patient_gets_the_record_of_the_other_process(somebody, make_run, tmp_path, monkeypatch):
    (job, lock), events = somebody, []
    execute_job(job._replace(out=tmp_path / "theirs"), lambda event: None)
    path = lock()

    def done(seconds):
        (tmp_path / "theirs" / job.run.key / "record.json").replace(path.with_name("record.json"))
        path.unlink()

    monkeypatch.setattr(worker.time, "sleep", done)
    assert execute_job(job, events.append, patient=True) is True
    assert [type(event) for event in events] == [Busy, Finished]
    assert events[-1].folder == tmp_path / job.run.key


@pytest.mark.parametrize("fresh", [False, True])
def test_who_is_patient_does_the_run_of_a_process_that_died(somebody, monkeypatch, fresh):
    (job, lock), events = somebody, []
    path = lock()
    monkeypatch.setattr(worker.time, "sleep", lambda seconds: path.unlink())
    assert execute_job(job._replace(fresh=fresh), events.append, patient=True) is True
    assert [type(event) for event in events][:2] == [Busy, Started]
    assert (job.out / job.run.key / "record.json").exists()


def test_a_process_that_was_taken_for_dead_stops_and_writes_nothing(somebody):
    (job, lock), events = somebody, []

    def observe(event):
        events.append(event)
        if isinstance(event, Evaluated) and event.point.step == 2:
            lock()
            held[0]._touch()

    held = []
    honest = worker.Locks.take

    def take(locks):
        held.append(honest(locks))
        return held[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.Locks, "take", take)
        assert execute_job(job, observe) is False
    assert isinstance(events[-1], Busy)
    assert sorted(path.name for path in (job.out / job.run.key).iterdir()) == ["lock-1"]


def test_nothing_is_trained_where_a_record_answers(somebody):
    (job, _), events = somebody, []
    execute_job(job, lambda event: None)
    execute_job(job, events.append)
    assert [type(event) for event in events] == [Finished]


def test_a_fresh_run_is_trained_although_there_is_a_record(somebody):
    (job, _), events = somebody, []
    execute_job(job, lambda event: None)
    execute_job(job._replace(fresh=True), events.append)
    assert isinstance(events[0], Started)


def test_what_was_left_of_a_record_is_completed_and_answers(somebody):
    (job, _), events = somebody, []
    execute_job(job, lambda event: None)
    folder = job.out / job.run.key
    (folder / "record.json").rename(folder / ".record.json.1234.tmp")
    execute_job(job, events.append)
    assert [type(event) for event in events] == [Finished]
    assert sorted(path.name for path in folder.iterdir()) == ["record.json", "weights.safetensors"]


def test_a_clock_that_runs_backwards_changes_no_record(make_run, tmp_path, timeless, monkeypatch):
    run = make_run()
    for folder in ("forwards", "backwards"):
        execute_job(Job(run, "cpu", "eager", tmp_path / folder), lambda event: None)
        now = iter(range(2_000_000_000, 0, -1000))
        monkeypatch.setattr(worker.time, "time", lambda: float(next(now)))  # noqa: B023
    forwards, backwards = (Store(tmp_path / folder).find(run.key) for folder in ("forwards", "backwards"))
    assert timeless(forwards) == timeless(backwards)
