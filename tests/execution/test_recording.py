"""What no record can hold is found before anything is trained, and costs no other run anything."""

import pytest

import mann_bench
from mann_bench.core.errors import UsageError
from mann_bench.core.events import Progress
from mann_bench.core.jobs import Job
from mann_bench.core.runs import Outcome
from mann_bench.execution.plan import Block, make_plan
from mann_bench.execution.worker import execute_job
from mann_bench.models.lstm import LSTMModel
from mann_bench.results.store import Store
from mann_bench.tasks.copy import Copy

CHANCE, SCORES = Copy.chance, Copy.scores


def scores_with(name, change):
    return lambda task, *given: (found := SCORES(task, *given)) | {name: change(found["sequence_accuracy"])}


UNKEPT = {
    "a name with a line break": (Copy, "scores", scores_with("two\nlines", lambda each: each), "names: a character"),
    "a name that UTF-8 lacks": (Copy, "scores", scores_with("\ud800", lambda each: each), "names: a character"),
    "an accuracy of 3": (Copy, "scores", scores_with("sequence_accuracy", lambda each: each + 3), "from 0 to 1"),
    "a name of chance": (Copy, "chance", lambda task, size: CHANCE(task, size) | {"a\tb": 1.0}, "names: a character"),
    "1,001 sizes": (Copy, "test_sizes", lambda _: [{"length": n} for n in range(1, 1_002)], "more than 1,000 in a"),
    "mixed dimensions": (Copy, "test_sizes", lambda _: [{"length": 1}, {"length": 1, "n": 1}], "the same dimensions"),
    "rows below none": (Copy, "rows_to_remember", lambda *_: -1, "greater than or equal to 0"),
    "a range beyond 2^53": (Copy, "training_range", lambda _: {"length": (1, 2**60)}, "less than or equal to"),
    "a state beyond 2^53": (LSTMModel, "state_bytes", lambda _: 2**60, "less than or equal to"),
}


@pytest.fixture
def executed(make_run, tmp_path):
    """Return a function that executes a run; it returns its record, and whether anything was trained."""

    def do(**fields):
        run, events = make_run(**fields), []
        execute_job(Job(run, "cpu", "eager", tmp_path), events.append)
        return Store(tmp_path).find(run.key), any(isinstance(event, Progress) for event in events)

    return do


@pytest.mark.parametrize("case", UNKEPT)
def test_what_no_record_can_hold_is_not_trained(executed, monkeypatch, case):
    owner, name, instead, message = UNKEPT[case]
    monkeypatch.setattr(owner, name, instead)
    record, trained = executed()
    assert (record.outcome, trained) == (Outcome.FAILED, False)
    assert message in record.error


def test_a_message_that_has_no_form_in_utf_8_is_kept_with_escapes(executed, monkeypatch):
    def fail(*_):
        raise RuntimeError("\udcff")

    monkeypatch.setattr(LSTMModel, "forward", fail)
    record, _ = executed()
    assert record.error.endswith("RuntimeError: \\udcff\n")


def test_details_that_no_record_can_hold_are_refused_when_runs_are_planned(registry_with, tiny_protocol, monkeypatch):
    monkeypatch.setattr(LSTMModel, "details", lambda model: {"slots": 2**60})
    block = Block(["lstm:layers=1,units=8"], ["copy:max_length=3"], [tiny_protocol()])
    with pytest.raises(UsageError, match=r"can hold its details: .*a whole number beyond 9,007,199,254,740"):
        make_plan(registry_with("broken_models:Sound"), [block], [0])


def test_a_record_that_cannot_be_read_costs_the_others_nothing(tiny_protocol, tmp_path, monkeypatch):
    def break_first(store, record, weights, write=Store.write):
        folder = write(store, record, weights)
        if record.seed == 0:
            (folder / "record.json").write_text("{")
        return folder

    monkeypatch.setattr(Store, "write", break_first)
    where = {"protocol": tiny_protocol(), "out": tmp_path, "wandb": "disabled", "progress": False, "plugins": False}
    where["jobs"] = 1  # in this process, whose store breaks the record
    found = mann_bench.run(["lstm:layers=1,units=8"], ["copy:max_length=3"], [0, 1], **where)
    assert [record.seed for record in found.records] == [1]
    assert "not a valid record" in found.problems[0]
