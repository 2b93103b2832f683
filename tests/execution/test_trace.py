import numpy as np
import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.jobs import Job
from mann_bench.core.streams import Stream
from mann_bench.execution.restore import restore
from mann_bench.execution.trace import trace_sequence
from mann_bench.execution.worker import execute_job
from mann_bench.registry import Registry
from mann_bench.tasks.copy import Copy

NTM = "ntm:controller_size=8,memory_slots=6,slot_width=4"


@pytest.fixture
def restored(make_run, tmp_path, monkeypatch):
    monkeypatch.setattr(Copy, "test_sizes", lambda task: task.training_sizes())
    run = make_run(NTM, task="copy:max_length=2,bits=3")
    execute_job(Job(run, "cpu", "eager", tmp_path), lambda event: None)
    return restore(Registry.discover(third_party=False), tmp_path / run.key / "record.json")


def test_arrays_have_time_first_and_no_batch(restored):
    arrays = trace_sequence(restored, {"length": 2}, 0).arrays
    shapes = {"inputs": (5, 4), "outputs": (5, 3), "mask": (5,), "read_weightings": (5, 1, 6), "memory_norm": (5, 6)}
    assert {name: arrays[name].shape for name in shapes} == shapes


def test_the_scores_are_those_of_the_sequence(restored):
    batch = restored.task.evaluation_batch(Stream.TEST, {"length": 2}, 2)
    scores = restored.task.scores(restored.model(batch.inputs), batch)
    found = trace_sequence(restored, {"length": 2}, 1).scores
    assert found == pytest.approx({name: values[1].item() for name, values in scores.items()}, rel=1e-5)


def test_two_sequences_differ(restored):
    first, second = (trace_sequence(restored, {"length": 2}, index).arrays["inputs"] for index in (0, 1))
    assert not np.array_equal(first, second)


def test_an_index_that_was_not_tested_is_an_error(restored):
    with pytest.raises(UsageError, match="tested on 2 sequences"):
        trace_sequence(restored, {"length": 2}, 2)


def test_the_mask_of_a_trace_is_where_scores_count(restored, monkeypatch):
    monkeypatch.setattr(Copy, "score_mask", lambda task, batch: batch.mask.cumsum(0) * batch.mask // 2)
    mask = trace_sequence(restored, {"length": 2}, 0).arrays["mask"]
    assert mask.tolist() == [0, 0, 0, 0, 1]
