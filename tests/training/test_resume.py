import signal
import time

import numpy as np
import pytest
import torch

from mann_bench.core.events import Evaluated, Notice, Probed, Progress
from mann_bench.core.runs import Outcome
from mann_bench.models.lstm import LSTMModel

LSTM = "lstm:layers=1,units=8"
SMALL = "memory_slots=8,controller_size=8,slot_width=4"
EIGHT = {"max_steps": 8, "probe_every": 4}
CASES = [
    (LSTM, "eager"),
    ("lstm_matched", "eager"),
    (f"sam:{SMALL}", "eager"),
    *((f"{name}:{SMALL}", backend) for name in ("ntm", "dnc") for backend in ("eager", "native", "compiled")),
]


pytestmark = pytest.mark.usefixtures("short_grid")


@pytest.fixture(autouse=True)
def _unchecked_where_compiled(request, monkeypatch):
    """Dynamo does not trace the suite's checks of types: under them a step would run eagerly."""
    if "compiled" in request.node.name:
        monkeypatch.setattr("jaxtyping.config.jaxtyping_disable", True)


@pytest.mark.parametrize(("model", "backend"), CASES)
def test_every_model_goes_on_as_if_nothing_had_happened(make_run, interrupt, evaluated, same, model, backend):
    run = make_run(model, **EIGHT)
    interrupt(run, evaluated(4), backend=backend)
    events = same(run, backend=backend)
    assert not any(isinstance(event, Notice) for event in events)
    assert next(event.step for event in events if isinstance(event, Progress)) == 4


def test_the_other_optimizer_goes_on_too(make_run, interrupt, evaluated, same):
    run = make_run(optimizer="rmsprop", **EIGHT)
    interrupt(run, evaluated(4))
    same(run)


@pytest.mark.parametrize("step", [2, 4, 6])
def test_warm_up_schedule_and_weight_decay_go_on_too(make_run, interrupt, evaluated, same, step):
    run = make_run(weight_decay=0.1, warmup_steps=3, schedule="cosine", **EIGHT)
    interrupt(run, evaluated(step))
    same(run)


def test_turns_of_several_steps_go_on(make_run, interrupt, evaluated, same):
    run = make_run(max_steps=40, evaluate_every=20, grace=20)
    interrupt(run, evaluated(20))
    same(run)


@pytest.mark.parametrize("step", [0, 2, 6, 8])
def test_a_run_interrupted_at_any_evaluation_goes_on(make_run, interrupt, evaluated, same, step):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(step))
    same(run)


def test_a_run_interrupted_twice_goes_on(make_run, interrupt, evaluated, same):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(2))
    interrupt(run, evaluated(6))
    same(run)


def test_a_run_that_is_killed_goes_on_from_its_last_checkpoint(make_run, interrupt, evaluated, same, names):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(6), every=1e-9, error=BrokenPipeError())
    assert names(run) == ["checkpoint-2.pt", "checkpoint-4.pt"]
    same(run)


def test_a_run_interrupted_in_its_grace_goes_on(make_run, interrupt, evaluated, complete, monkeypatch):
    errors = iter([9.0, 0.0, 0.0, 0.0])  # each evaluation is done once
    scores = lambda *_: {"loss_bits": 1.0, "bit_errors": next(errors)}  # noqa: E731
    monkeypatch.setattr("mann_bench.training.callbacks.validation_scores", scores)
    run = make_run(max_steps=100, grace=4)
    interrupt(run, evaluated(4))
    record, *_ = complete(run)
    assert (record.outcome, record.converged_first, record.converged_confirmed) == (Outcome.CONVERGED, 2, 2)
    assert record.steps == 6


@pytest.mark.parametrize(("model", "backend"), [(LSTM, "eager"), (f"ntm:{SMALL}", "compiled")])
def test_a_run_interrupted_in_its_test_is_not_trained_again(make_run, interrupt, same, monkeypatch, model, backend):
    run = make_run(model, **EIGHT)
    with monkeypatch.context() as patch:
        stop = lambda *_: signal.raise_signal(signal.SIGTERM)  # noqa: E731
        patch.setattr("mann_bench.training.trainer.grid_scores", stop)
        interrupt(run, lambda event: False, backend=backend)
    events = same(run, backend=backend)
    assert not any(isinstance(event, Progress | Notice) for event in events)
    assert [event.point.step for event in events if isinstance(event, Evaluated)] == [0, 2, 4, 6, 8]


def test_earlier_measurements_are_told_again_in_their_order(make_run, interrupt, evaluated, complete):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(6))
    *_, events = complete(run)
    measured = [event for event in events if isinstance(event, Evaluated | Probed)]
    told = [(type(event), event.point.step if isinstance(event, Evaluated) else event.step) for event in measured]
    curve = [(Evaluated, step) for step in (0, 2, 4, 6, 8)]
    assert told == [*curve[:3], (Probed, 4), *curve[3:], (Probed, 8)]


def test_clocks_add_up(make_run, interrupt, evaluated, complete):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(4))
    record, *_ = complete(run)
    seconds = [row.training_seconds for row in record.curve]
    assert seconds == sorted(seconds)
    assert record.seconds.training >= seconds[-1]


def test_whatever_a_model_draws_goes_on(make_run, interrupt, evaluated, same, monkeypatch):
    honest = LSTMModel.forward

    def noisy(model, inputs):
        return honest(model, inputs) * (torch.rand(1) + np.random.rand())

    monkeypatch.setattr(LSTMModel, "forward", noisy)
    run = make_run(seed=5, **EIGHT)
    interrupt(run, evaluated(4))
    same(run)


def test_what_a_model_puts_in_its_checkpoint_comes_back(make_run, interrupt, evaluated, complete, monkeypatch):
    seen = []
    monkeypatch.setattr(LSTMModel, "on_save_checkpoint", lambda model, content: content.update(level=3))
    monkeypatch.setattr(LSTMModel, "on_load_checkpoint", lambda model, content: seen.append(content))
    run = make_run(**EIGHT)
    interrupt(run, evaluated(4))
    complete(run)
    assert seen == [{"level": 3}]


def test_once_the_record_stands_no_checkpoint_is_left(make_run, interrupt, evaluated, complete, names):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(4))
    complete(run)
    assert names(run) == ["record.json", "weights.safetensors"]


def test_the_last_two_checkpoints_are_kept(make_run, interrupt, evaluated, names):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(8), every=1e-9)
    assert names(run) == ["checkpoint-6.pt", "checkpoint-8.pt"]


def test_no_checkpoint_is_made_where_none_are_wanted(make_run, interrupt, evaluated, tmp_path):
    interrupt(make_run(**EIGHT), evaluated(4), every=0)
    assert list(tmp_path.rglob("*.pt")) == []


def test_a_fresh_run_starts_at_its_beginning(make_run, interrupt, evaluated, complete):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(4))
    *_, events = complete(run, fresh=True)
    assert next(event.step for event in events if isinstance(event, Progress)) == 0


def test_checkpoints_are_not_on_the_training_clock(make_run, complete, monkeypatch):
    monkeypatch.setattr("mann_bench.training.resume.Checkpoints.write", lambda *_: time.sleep(0.5))
    record, *_ = complete(make_run(max_steps=2), every=1e-9)
    assert record.seconds.training < 0.5 <= record.seconds.evaluation


def test_a_full_disk_costs_the_checkpoint_alone(make_run, complete, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mann_bench.training.resume.Checkpoints.write", full)
    record, _, events = complete(make_run(**EIGHT), every=1e-9)
    assert record.outcome is Outcome.NOT_CONVERGED
    notices = {event.text for event in events if isinstance(event, Notice)}
    assert [text.partition(": ")[2] for text in notices] == ["No space left on device. The run goes on without."]


def test_a_run_that_diverges_after_it_went_on_says_so(make_run, interrupt, evaluated, complete, monkeypatch):
    run = make_run(**EIGHT)
    interrupt(run, evaluated(4))
    scores = {"loss_bits": float("nan"), "bit_errors": 9.0}
    monkeypatch.setattr("mann_bench.training.callbacks.validation_scores", lambda *_: scores)
    record, *_ = complete(run)
    assert (record.outcome, record.steps, record.divergence.culprit) == (Outcome.DIVERGED, 6, "validation loss")
