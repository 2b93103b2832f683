import dataclasses
import gc
import time

import pytest
import torch

from mann_bench.core.backends import Backend
from mann_bench.core.errors import PluginUnavailableError
from mann_bench.core.events import Evaluated, Notice, Probed, Progress
from mann_bench.core.runs import Outcome
from mann_bench.core.streams import Stream
from mann_bench.models.building import build_task
from mann_bench.models.lstm import LSTMModel
from mann_bench.models.ntm import NTMModel
from mann_bench.models.preparation import Prepared
from mann_bench.tasks.copy import Copy
from mann_bench.training.trainer import train


def ignore(_event):
    pass


def without_clock(result):
    return [point._replace(seconds=0.0) for point in result.curve]


def test_a_run_is_measured_at_the_cadence_and_at_its_end(make_run):
    result = train(make_run(max_steps=5), "cpu", "eager", ignore)
    assert [point.step for point in result.curve] == [0, 2, 4, 5]
    assert [point.sequences for point in result.curve] == [0, 4, 8, 10]
    assert result.steps == 5


def test_symbols_are_the_rows_of_the_training_stream(make_run):
    run = make_run(max_steps=5)
    task = build_task(run.task)
    task.batch_size = run.protocol.batch_size
    rows = [task.batch(Stream.TRAIN, index).mask.numel() for index in range(5)]
    points = train(run, "cpu", "eager", ignore).curve
    assert [point.symbols for point in points] == [sum(rows[: point.step]) for point in points]


def test_each_evaluation_tells_the_scores_of_the_greatest_size(make_run):
    point, *_ = train(make_run(), "cpu", "eager", ignore).curve
    assert point.target_scores.keys() == point.scores.keys()
    assert point.target_scores["bit_errors"] > point.scores["bit_errors"]


def test_the_same_seed_gives_the_same_curve_and_weights(make_run):
    first, second = (train(make_run(), "cpu", "eager", ignore) for _ in range(2))
    assert without_clock(first) == without_clock(second)
    assert first.generalization == second.generalization
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)


def test_another_seed_gives_another_curve(make_run):
    first, second = (train(make_run(seed=seed), "cpu", "eager", ignore) for seed in (0, 1))
    assert without_clock(first) != without_clock(second)


def test_the_callers_random_state_does_not_matter(make_run):
    torch.manual_seed(1)
    first = train(make_run(), "cpu", "eager", ignore)
    torch.manual_seed(2)
    assert without_clock(first) == without_clock(train(make_run(), "cpu", "eager", ignore))


def test_the_length_grid_is_tested_at_every_size(make_run):
    result = train(make_run(test_sequences=3), "cpu", "eager", ignore)
    assert [row.size["length"] for row in result.generalization] == [20, 40, 60, 80, 100, 120]
    assert {row.sequences for row in result.generalization} == {3}


def test_weights_that_stay_as_they_are_are_not_counted_as_trained(make_run, monkeypatch):
    whole = train(make_run(), "cpu", "eager", ignore)
    assert whole.parameters == whole.all_parameters

    def frozen(self):
        self.readout.requires_grad_(False)

    monkeypatch.setattr(LSTMModel, "on_train_start", frozen)
    partly = train(make_run(), "cpu", "eager", ignore)
    assert whole.all_parameters == partly.all_parameters > partly.parameters


def test_the_result_states_what_the_task_says_about_its_grid(make_run):
    result = train(make_run(), "cpu", "eager", ignore)
    assert result.training_range == {"length": (1, 3)}
    assert result.grid[1] == ({"length": 40}, {"loss_bits": 320.0, "bit_errors": 160.0}, 40)


def test_the_probe_follows_its_own_cadence(make_run):
    result = train(make_run(probe_every=2), "cpu", "eager", ignore)
    assert [step for step, _ in result.probe] == [2, 4]


def test_every_probe_is_an_event_with_its_scores_at_every_size(make_run):
    events, run = [], make_run(probe_every=2)
    result = train(run, "cpu", "eager", events.append)
    probed = [event for event in events if isinstance(event, Probed)]
    assert probed == [Probed(run.key, step, rows) for step, rows in result.probe]
    assert [[row.size["length"] for row in event.rows] for event in probed] == 2 * [[20, 40, 60, 80, 100, 120]]


def test_a_probe_follows_the_evaluation_of_its_step(make_run):
    events = []
    train(make_run(probe_every=2), "cpu", "eager", events.append)
    measured = [event for event in events if isinstance(event, Evaluated | Probed)]
    kinds = [(type(event), event.point.step if isinstance(event, Evaluated) else event.step) for event in measured]
    assert kinds == [(Evaluated, 0), (Evaluated, 2), (Probed, 2), (Evaluated, 4), (Probed, 4)]


def test_without_a_cadence_nothing_is_probed(make_run):
    events = []
    result = train(make_run(probe_every=0), "cpu", "eager", events.append)
    assert (result.probe, [event for event in events if isinstance(event, Probed)]) == ([], [])


def test_the_probe_changes_nothing_else(make_run):
    plain = train(make_run(), "cpu", "eager", ignore)
    probed = train(make_run(probe_every=1), "cpu", "eager", ignore)
    assert without_clock(plain) == without_clock(probed)


def test_a_run_that_never_converges_is_tested_with_its_best_weights(make_run):
    result = train(make_run(), "cpu", "eager", ignore)
    assert result.outcome is Outcome.NOT_CONVERGED
    errors = {point.step: point.scores["bit_errors"] for point in result.curve}
    assert errors[result.best_step] == min(errors.values())


@pytest.fixture
def solves_after(monkeypatch):
    """Return a function that makes the evaluations report given bit errors, one after the other."""

    def script(*errors):
        values = iter(errors)
        scores = lambda *_: {"loss_bits": 1.0, "bit_errors": next(values)}  # noqa: E731
        monkeypatch.setattr("mann_bench.training.callbacks.validation_scores", scores)

    return script


def test_a_converged_run_trains_on_for_its_grace(make_run, solves_after):
    solves_after(9.0, 9.0, 0.0, 0.0, 0.0)
    result = train(make_run(max_steps=100, grace=4), "cpu", "eager", ignore)
    assert (result.outcome, result.converged_first, result.converged_confirmed) == (Outcome.CONVERGED, 4, 4)
    assert result.steps == 8


@pytest.mark.parametrize(("grace_after", "steps"), [("mix", 8), ("both", 12)])
def test_the_grace_may_wait_for_the_greatest_size(make_run, solves_after, monkeypatch, grace_after, steps):
    solves_after(9.0, 9.0, *7 * [0.0])
    on_target = iter([9.0, 9.0, 9.0, 9.0, *5 * [0.0]])
    target = lambda *_: {"loss_bits": 1.0, "bit_errors": next(on_target)}  # noqa: E731
    monkeypatch.setattr("mann_bench.training.callbacks.target_scores", target)
    result = train(make_run(max_steps=100, grace=4, grace_after=grace_after), "cpu", "eager", ignore)
    assert (result.converged_first, result.steps) == (4, steps)


def test_a_task_without_a_greatest_size_is_asked_for_its_mix_alone(make_run, solves_after, monkeypatch):
    solves_after(9.0, 9.0, 0.0, 0.0, 0.0)
    monkeypatch.setattr("mann_bench.training.callbacks.target_scores", lambda *_: {})
    assert train(make_run(max_steps=100, grace=4, grace_after="both"), "cpu", "eager", ignore).steps == 8


def test_the_weights_with_the_least_validation_error_are_kept(make_run, solves_after):
    solves_after(9.0, 3.0, 5.0, 4.0)
    result = train(make_run(max_steps=6), "cpu", "eager", ignore)
    assert result.best_step == 2


def test_the_clock_contains_training_only(make_run, monkeypatch):
    def slow(*_):
        time.sleep(0.5)
        return {"loss_bits": 1.0, "bit_errors": 9.0}

    monkeypatch.setattr("mann_bench.training.callbacks.validation_scores", slow)
    train(make_run(), "cpu", "eager", ignore)  # a first run pays for whatever is loaded late
    result = train(make_run(), "cpu", "eager", ignore)
    assert result.seconds.evaluation >= 1.5
    assert result.seconds.training < 0.5


def test_events_tell_of_progress_and_evaluations(make_run):
    events = []
    train(make_run(), "cpu", "eager", events.append)
    assert [event.point.step for event in events if isinstance(event, Evaluated)] == [0, 2, 4]
    assert [event.step for event in events if isinstance(event, Progress)][-1] == 4


def test_a_loss_that_is_not_finite_ends_the_run_as_diverged(make_run, monkeypatch):
    honest = Copy.loss
    poisoned = iter([1.0, 1.0, float("nan")])

    def loss(task, logits, batch):
        scale = next(poisoned) if logits.requires_grad else 1.0
        return honest(task, logits, batch) * scale

    monkeypatch.setattr(Copy, "loss", loss)
    result = train(make_run(), "cpu", "eager", ignore)
    assert (result.outcome, result.divergence) == (Outcome.DIVERGED, (2, "loss"))
    assert result.generalization


def test_a_gradient_that_is_not_finite_names_the_parameter(make_run, monkeypatch):
    honest = LSTMModel.forward

    def forward(model, inputs):
        model.readout.weight.register_hook(lambda gradient: gradient * float("inf"))
        return honest(model, inputs)

    monkeypatch.setattr(LSTMModel, "forward", forward)
    result = train(make_run(), "cpu", "eager", ignore)
    assert (result.outcome, result.divergence) == (Outcome.DIVERGED, (0, "readout.weight"))


def test_a_curve_that_is_not_finite_ends_the_run_as_diverged(make_run, monkeypatch):
    scores = iter([{"loss_bits": 1.0, "bit_errors": 9.0}, {"loss_bits": float("nan"), "bit_errors": 9.0}])
    monkeypatch.setattr("mann_bench.training.callbacks.validation_scores", lambda *_: next(scores))
    result = train(make_run(), "cpu", "eager", ignore)
    assert (result.outcome, result.divergence) == (Outcome.DIVERGED, (2, "validation loss"))
    assert [point.step for point in result.curve] == [0, 2]


def test_ctrl_c_reaches_the_caller(make_run):
    def interrupt(event):
        if isinstance(event, Evaluated) and event.point.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(make_run(), "cpu", "eager", interrupt)


def test_a_missing_class_names_its_distribution(make_run):
    run = make_run()
    model = dataclasses.replace(run.model, target="mann_bench.models.lstm:Nothing")
    with pytest.raises(PluginUnavailableError, match="'mann-bench'"):
        train(dataclasses.replace(run, model=model), "cpu", "eager", ignore)


@pytest.mark.parametrize(
    "field",
    [
        "learning_rate=0.5", "optimizer=rmsprop", "gradient_clip_norm=0.001", "batch_size=3", "weight_decay=9.0",
        "warmup_steps=1", "schedule=cosine",
    ],
)  # fmt: skip
def test_every_training_field_reaches_the_run(make_run, field):
    name, _, value = field.partition("=")
    plain = train(make_run(), "cpu", "eager", ignore)
    changed = train(make_run(**{name: value}), "cpu", "eager", ignore)
    assert plain.curve[-1].scores != changed.curve[-1].scores


def test_a_first_evaluation_that_is_not_finite_ends_the_run_as_diverged(make_run, monkeypatch):
    nan = {"loss_bits": float("nan"), "bit_errors": 9.0}
    monkeypatch.setattr("mann_bench.training.callbacks.validation_scores", lambda *_: nan)
    result = train(make_run(), "cpu", "eager", ignore)
    assert (result.outcome, result.divergence) == (Outcome.DIVERGED, (0, "validation loss"))
    assert (result.generalization, result.weights) == ([], {})
    assert 0.0 <= result.seconds.training < 5.0


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (LSTMModel, "lstm:layers=1,units=8"),
        (NTMModel, "ntm:memory_slots=8,controller_size=8,slot_width=4"),
    ],
)
def test_a_model_that_exits_is_a_failure_not_ctrl_c(make_run, monkeypatch, kind, model):
    def leave(model, inputs):
        raise SystemExit(4)

    monkeypatch.setattr(kind, "forward", leave)
    with pytest.raises((RuntimeError, SystemExit)) as caught:
        train(make_run(model), "cpu", "eager", ignore)
    assert str(caught.value) == "the model or task called sys.exit(4)"


def test_a_machine_with_slurm_trains_without_a_word_of_it(make_run, monkeypatch, tmp_path):
    srun = tmp_path / "srun"
    srun.write_text("#!/bin/sh\n")
    srun.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for name, value in {"SLURM_NTASKS": "2", "SLURM_JOB_NAME": "study", "SLURM_JOB_ID": "7"}.items():
        monkeypatch.setenv(name, value)
    assert train(make_run(max_steps=2), "cpu", "eager", ignore).steps == 2


def test_a_second_run_has_little_to_collect(make_run):
    train(make_run(), "cpu", "eager", ignore)
    try:
        frozen = gc.get_freeze_count()
        train(make_run(), "cpu", "eager", ignore)
        assert gc.get_freeze_count() == frozen
        assert len(gc.get_objects()) < 50_000
    finally:
        gc.unfreeze()


def test_a_record_does_not_say_compiled_where_compiled_code_was_never_called(make_run, monkeypatch):
    def give_up(model, choice, *_):
        model.backend = Backend.COMPILED
        monkeypatch.setattr(model, "forward", model.native_forward)
        return Prepared(Backend.COMPILED, 0.0, None)

    monkeypatch.setattr("mann_bench.training.trainer.prepare", give_up)
    events = []
    result = train(make_run("ntm:controller_size=8,memory_slots=6,slot_width=4"), "cpu", "compiled", events.append)
    assert result.backend is Backend.EAGER
    assert any("gave up on the step" in event.text for event in events if isinstance(event, Notice))
