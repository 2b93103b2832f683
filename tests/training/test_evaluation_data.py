"""Models that ask for sequences by which they are measured."""

import pytest

from mann_bench.core.closed_streams import EvaluationDataError
from mann_bench.core.runs import Outcome
from mann_bench.core.streams import Stream
from mann_bench.models.building import build_model, build_task
from mann_bench.tasks.copy import Copy
from mann_bench.training.trainer import train

ASKING = {
    "AsksBeforeATurn": "AsksBeforeATurn: AsksBeforeATurn.on_train_batch_start asks for sequences of the test stream.",
    "AsksBeforeAStep": "AsksBeforeAStep.on_before_optimizer_step asks for sequences of the probe stream.",
    "AsksInItsTrainingStep": "AsksInItsTrainingStep.training_step asks for sequences of the validation stream.",
    "AsksWhileItIsMeasured": "AsksWhileItIsMeasured.forward asks for sequences of the test stream.",
    "AsksInSilence": "AsksInSilence.on_train_batch_end asks for sequences of the test stream.",
    "MeasuresItself": "MeasuresItself.on_train_batch_start asks for scores on the test stream.",
    "AsksForMore": "AsksForMore.on_train_batch_start asks for sequences of size 120, which is no training size.",
}


@pytest.mark.parametrize("name", ASKING)
def test_a_model_that_asks_for_what_measures_it_is_a_failed_run_with_the_reason(odd_run, execute, name):
    record, _ = execute(odd_run(name))
    assert record.outcome is Outcome.FAILED
    assert ASKING[name] in record.error


def test_a_model_that_asks_as_it_is_built_is_not_built(odd_run):
    run = odd_run("AsksAsItIsBuilt")
    with pytest.raises(EvaluationDataError, match="__init__ asks for sequences of the test stream"):
        build_model(run.model, build_task(run.task))


def test_a_model_may_ask_for_training_sequences(odd_run, execute):
    record, _ = execute(odd_run("AsksForAnother"))
    assert (record.outcome, record.own_hooks) == (Outcome.NOT_CONVERGED, ["on_train_batch_start"])


def test_a_task_and_who_watches_may_ask_for_any_sequences(make_run, monkeypatch):
    chance = Copy.chance
    monkeypatch.setattr(Copy, "chance", lambda task, size: (asked(task), chance(task, size))[1])
    run, heard = make_run(), []
    train(run, "cpu", "eager", lambda event: heard.append(asked(build_task(run.task))))
    assert heard


def asked(task):
    return task.batch(Stream.TEST, 0, {"length": 20}, 1)


def test_all_sequences_can_be_drawn_before_a_run_and_after_it(odd_run, execute):
    run = odd_run("AsksBeforeATurn")
    execute(run)
    assert asked(build_task(run.task))
