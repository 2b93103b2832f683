import math

import pytest
import torch

from mann_bench.core.jobs import Job
from mann_bench.evaluation.diagnostics import diagnostics
from mann_bench.execution.worker import execute_job
from mann_bench.models.dnc import DNCModel
from mann_bench.models.lstm import LSTMModel
from mann_bench.models.ntm import NTMModel
from mann_bench.models.sam import SAMModel
from mann_bench.models.sdnc import SDNCModel
from mann_bench.results.store import Store
from mann_bench.tasks.copy import Copy
from mann_bench.training.trainer import train

SIZES = {"controller_size": 8, "memory_slots": 16, "slot_width": 4}
NTM, DNC = "ntm:controller_size=8,memory_slots=16,slot_width=4", "dnc:controller_size=8,memory_slots=16,slot_width=4"


@pytest.fixture
def task():
    return Copy(min_length=7, max_length=7)  # 15 steps


@pytest.fixture
def short_test(monkeypatch):
    """Let runs on copy end with a short test; what is tested is the time before."""
    monkeypatch.setattr(Copy, "test_sizes", lambda task: task.training_sizes())


def with_uniform_weightings(model):
    model.weightings = torch.full_like(model.weightings, 1 / model.weightings.shape[-1])
    return model


def test_the_entropy_of_heads_at_one_slot_is_zero(scripted, task):
    found = diagnostics(scripted([[2], [5]]), task)
    assert found["read_entropy"] == found["write_entropy"] == 0.0


@pytest.mark.parametrize("slots", [2, 16, 128])
def test_the_entropy_of_heads_everywhere_alike_is_the_bits_of_a_slots_number(scripted, task, slots):
    found = diagnostics(with_uniform_weightings(scripted([[0]], slots)), task)
    assert found["read_entropy"] == pytest.approx(math.log2(slots))
    assert found["write_entropy"] == pytest.approx(math.log2(slots))


def test_a_gate_that_is_half_open_does_not_change_the_entropy(scripted, task):
    model = scripted([[2], [5]])
    model.weightings = model.weightings / 2
    assert diagnostics(model, task)["write_entropy"] == 0.0


def test_a_gate_that_is_half_open_does_not_change_the_slots_written(scripted, task):
    model = scripted([[t % 3] for t in range(15)])
    model.weightings = model.weightings / 2
    assert diagnostics(model, task)["slots_written"] == pytest.approx(3)


def test_a_head_that_writes_nothing_has_written_no_slot(scripted, task):
    model = scripted([[0]])
    model.weightings = torch.zeros_like(model.weightings)
    assert diagnostics(model, task)["slots_written"] == 0.0


@pytest.mark.parametrize("slots", [1, 3, 5, 15])
def test_a_head_that_visits_slots_equally_often_has_written_so_many(scripted, task, slots):
    found = diagnostics(scripted([[t % slots] for t in range(15)]), task)
    assert found["slots_written"] == pytest.approx(slots)


def test_slots_of_all_write_heads_are_counted(scripted, task):
    assert diagnostics(scripted([[1, 4], [1, 4]]), task)["slots_written"] == pytest.approx(2)


def test_slots_are_counted_in_each_sequence_by_itself(scripted, task):
    model = scripted([[0]])
    model.weightings = torch.eye(16)[:8].view(1, 8, 1, 16)  # each of the eight sequences has a slot of its own
    assert diagnostics(model, task)["slots_written"] == pytest.approx(1)


def test_a_slot_seldom_written_counts_less(scripted, task):
    assert 1 < diagnostics(scripted([[0]] * 14 + [[1]]), task)["slots_written"] < 2


def test_gates_are_means_over_steps_and_heads(scripted, task):
    found = diagnostics(scripted([[0]] * 15), task)
    assert found["write_gate"] == 0.25
    assert found["step"] == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("model", "gates"),
    [
        (NTMModel, {"key_strength", "interpolation_gate", "shift", "sharpening"}),
        (
            DNCModel,
            {"free_gate", "allocation_gate", "write_gate", "backward_mode", "content_mode", "forward_mode"},
        ),
    ],
)
def test_a_memory_has_these_diagnostics(task, model, gates):
    found = diagnostics(model(9, 8, **SIZES), task)
    assert set(found) == {"read_entropy", "write_entropy", "slots_written"} | gates
    assert all(isinstance(value, float) and math.isfinite(value) for value in found.values())


@pytest.mark.parametrize("model", [SAMModel, SDNCModel])
def test_a_sparse_memory_tells_what_it_visits(task, model):
    found = diagnostics(model(9, 8, **SIZES), task)
    assert {"read_entropy", "write_entropy", "slots_written", "slots_visited", "read_age"} <= set(found)
    assert 1 <= found["slots_visited"] <= 16


@pytest.mark.parametrize(("most", "watched"), [(56, (7, 8)), (55, (7, 7)), (7, (7, 1)), (6, (5, 1)), (1, (5, 1))])
def test_of_a_large_memory_fewer_and_shorter_sequences_are_watched(scripted, monkeypatch, most, watched):
    model, seen = scripted([[0]] * 100), []
    step = model.step
    model.step = lambda inputs, state: (seen.append(len(inputs)), step(inputs, state))[1]
    monkeypatch.setattr("mann_bench.evaluation.diagnostics._MOST_STATE", most * model.state_bytes())
    monkeypatch.setattr(Copy, "training_sizes", lambda task: [{"length": length} for length in (2, 3, 3)])
    diagnostics(model, Copy())
    assert (len(seen), seen[0]) == watched


def test_a_model_without_memory_has_none(task):
    assert diagnostics(LSTMModel(9, 8, layers=1, units=4), task) == {}


def test_the_gradient_norm_is_that_before_clipping(task):
    model = LSTMModel(9, 8, layers=1, units=4)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 100.0)
    expected = 100 * math.sqrt(sum(parameter.numel() for parameter in model.parameters()))
    model.clip_gradient_norm()
    assert diagnostics(model, task) == {"gradient_norm": pytest.approx(expected)}


def test_the_largest_training_size_is_watched(scripted):
    model, lengths = scripted([[0]] * 100), []
    step = model.step
    model.step = lambda inputs, state: (lengths.append(len(inputs)), step(inputs, state))[1]
    diagnostics(model, Copy(min_length=3, max_length=5))
    assert lengths == [8] * 11


def test_the_same_sequences_are_watched_again(task):
    torch.manual_seed(0)
    model = NTMModel(9, 8, **SIZES)
    assert diagnostics(model, task) == diagnostics(model, task)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_keeps_its_mode(task, training):
    model = NTMModel(9, 8, **SIZES).train(training)
    diagnostics(model, task)
    assert model.training is training


@pytest.mark.usefixtures("short_test")
@pytest.mark.parametrize(("model", "gate"), [(NTM, "sharpening"), (DNC, "free_gate")])
def test_every_evaluation_in_a_record_has_diagnostics(make_run, tmp_path, model, gate):
    run, points = make_run(model, max_steps=2), []
    execute_job(Job(run, "cpu", "eager", tmp_path), lambda event: points.append(getattr(event, "point", None)))
    watched = [row.diagnostics for row in Store(tmp_path).find(run.key).curve]
    assert watched == [dict(point.diagnostics) for point in points if point]
    assert [{"read_entropy", "write_entropy", "slots_written", gate} <= set(row) for row in watched] == [True, True]


def test_the_gradient_norm_appears_after_the_first_step(make_run):
    result = train(make_run(), "cpu", "eager", lambda event: None)
    assert [set(point.diagnostics) for point in result.curve] == [set(), {"gradient_norm"}, {"gradient_norm"}]
    assert result.curve[1].diagnostics != result.curve[2].diagnostics


@pytest.mark.usefixtures("short_test")
def test_watching_changes_nothing_else(make_run, monkeypatch):
    def curve():
        return [point.scores for point in train(make_run(NTM, max_steps=2), "cpu", "eager", lambda event: None).curve]

    watched = curve()
    monkeypatch.setattr("mann_bench.training.callbacks.diagnostics", lambda model, task: {})
    assert curve() == watched


def test_a_rate_that_changes_is_in_the_curve(make_run, short_test):
    curve = train(make_run(warmup_steps=3, learning_rate=1.0), "cpu", "eager", lambda event: None).curve
    assert [point.diagnostics["scheduled_rate"] for point in curve] == pytest.approx([0.25, 0.75, 1.0])


def test_a_rate_that_never_changes_is_not(make_run, short_test):
    curve = train(make_run(), "cpu", "eager", lambda event: None).curve
    assert not any("scheduled_rate" in point.diagnostics for point in curve)
