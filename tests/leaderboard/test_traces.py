import pytest

from mann_bench.core.errors import StoreError
from mann_bench.core.jobs import Job
from mann_bench.execution.restore import restore
from mann_bench.execution.worker import execute_job
from mann_bench.leaderboard import traces
from mann_bench.leaderboard.traces import same_trace, trace_run
from mann_bench.tasks.copy import Copy

NTM = "ntm:controller_size=8,memory_slots=6,slot_width=4,write_heads=2"


@pytest.fixture
def trained(make_run, tmp_path, monkeypatch):
    """Return a function that trains a model and returns the file of its record."""
    monkeypatch.setattr(Copy, "test_sizes", lambda task: task.training_sizes())

    def train(model=NTM):
        run = make_run(model, task="copy:max_length=2,bits=3")
        execute_job(Job(run, "cpu", "eager", tmp_path), lambda event: None)
        return tmp_path / run.key / "record.json"

    return train


def test_a_memory_is_traced_at_the_largest_training_size(trained, registry):
    trace = trace_run(registry, file := trained())
    assert (trace.key, trace.size, trace.steps) == (file.parent.name, {"length": 2}, 5)
    assert len(trace.memory.write_weightings) == 2
    assert trace.memory.memory_norm.shape == (len(trace.memory.slots), 5)
    assert list(trace.memory.gates) == ["key_strength", "interpolation_gate", "shift", "sharpening"]


def test_a_model_without_memory_has_its_sequence(trained, registry):
    trace = trace_run(registry, trained("lstm:layers=1,units=8"))
    assert trace.memory is None
    assert [trace.inputs.shape, trace.targets.shape, trace.outputs.shape] == [(4, 5), (3, 5), (3, 5)]


def test_the_same_weights_give_the_same_trace(trained, registry):
    trace = trace_run(registry, file := trained())
    assert trace_run(registry, file) == trace
    assert same_trace(trace, restore(registry, file))


def forged(trace):
    """Tell what one without these weights might submit."""
    memory, outputs = trace.memory, trace.outputs
    yield trace.model_copy(update={"outputs": outputs.model_copy(update={"maximum": outputs.maximum * 0.9})})
    yield trace.model_copy(update={"memory": None})
    yield trace.model_copy(update={"memory": memory.model_copy(update={"slots": memory.slots[1:]})})
    yield trace.model_copy(update={"memory": memory.model_copy(update={"slots": [99, *memory.slots[1:]]})})
    yield trace.model_copy(update={"memory": memory.model_copy(update={"gates": {}})})


def test_other_traces_are_told_apart(trained, registry):
    trace, restored = trace_run(registry, file := trained()), restore(registry, file)
    assert [same_trace(each, restored) for each in forged(trace)] == [False] * 5


def test_without_weights_there_is_none(trained, registry):
    (file := trained()).with_name("weights.safetensors").unlink()
    with pytest.raises(StoreError, match="weights cannot be read"):
        trace_run(registry, file)


def test_one_that_is_too_large_is_refused(trained, registry, monkeypatch):
    monkeypatch.setattr(traces, "LARGEST_TRACE", 100)
    with pytest.raises(StoreError, match="at most 100 are taken"):
        trace_run(registry, trained())
