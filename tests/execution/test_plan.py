import numpy as np
import pytest

from mann_bench.core.errors import UsageError
from mann_bench.execution.plan import Plan, look_up, make_plan
from mann_bench.execution.worker import Job, execute
from mann_bench.registry import Registry
from mann_bench.results.store import Store

LSTM, COPY = "lstm:layers=1,units=8", "copy:max_length=3"


@pytest.fixture
def registry():
    return Registry.discover(third_party=False)


def test_runs_go_seed_by_seed_over_all_cells(registry):
    plan = make_plan(registry, ["ntm", "lstm"], ["copy"], [1, 0], "collier2018")
    assert [(run.seed, run.model.name) for run in plan.runs] == [(1, "ntm"), (1, "lstm"), (0, "ntm"), (0, "lstm")]


def test_a_run_that_is_asked_for_twice_is_planned_once(registry):
    plan = make_plan(registry, ["ntm", "ntm:memory_init=constant"], ["copy"], [0, 0], "collier2018")
    assert len(plan.runs) == 1


@pytest.mark.parametrize(
    ("models", "tasks", "seeds"), [([], ["copy"], [0]), (["ntm"], [], [0]), (["ntm"], ["copy"], [])]
)
def test_nothing_to_run_is_an_error(registry, models, tasks, seeds):
    with pytest.raises(UsageError, match="nothing to run: give at least one"):
        make_plan(registry, models, tasks, seeds, "collier2018")


def test_options_are_resolved_in_full(registry):
    run = make_plan(registry, ["ntm:memory_slots=64"], ["copy:layout=collier2018"], [0], "collier2018").runs[0]
    assert run.model.options["memory_slots"] == 64
    assert run.model.options["slot_width"] == 20
    assert run.model.given == {"memory_slots": "64"}
    assert run.task.text == "copy:layout=collier2018"


def test_protocol_fields_are_resolved_in_full(registry):
    run = make_plan(registry, ["lstm"], ["copy"], [0], "collier2018:max_steps=7,learning_rate=3e-4").runs[0]
    assert (run.protocol.max_steps, run.protocol.learning_rate, run.protocol.batch_size) == (7, 3e-4, 32)


@pytest.mark.parametrize(
    ("model", "task", "protocol", "message"),
    [
        ("nmt", "copy", "collier2018", "unknown model 'nmt'. Did you mean 'ntm'?"),
        ("ntm", "repeatcopy", "collier2018", "Did you mean 'repeat_copy'?"),
        ("ntm", "copy", "collier", "Did you mean 'collier2018'?"),
        ("ntm:memory_slot=4", "copy", "collier2018", "no option 'memory_slot'. Did you mean 'memory_slots'?"),
        ("ntm", "copy:length=4", "collier2018", "task 'copy' has no option 'length'"),
        ("ntm", "copy", "collier2018:max_step=4", "Did you mean 'max_steps'?"),
        ("ntm:memory_slots=many", "copy", "collier2018", "'memory_slots' takes int, not 'many'"),
        ("ntm:memory_init=zero", "copy", "collier2018", "takes constant|learned|random, not 'zero'"),
        ("ntm:memory_slots=0", "copy", "collier2018", "memory_slots must be at least 1, not 0"),
        ("ntm", "copy:max_length=0", "collier2018", "1 <= min_length <= max_length"),
        ("ntm", "copy", "collier2018:batch_size=0", "batch_size must be at least 1, not 0"),
        ("ntm", "copy", "collier2018:name=x", "has no option 'name'"),
        ("ntm:memory_slots=100000000000", "copy", "collier2018", "cannot be built: RuntimeError"),
        ("ntm", "associative_recall:bits=10,item_rows=1,max_items=512", "collier2018", "more bits an item"),
    ],
)
def test_bad_input_names_the_fault_and_the_remedy(registry, model, task, protocol, message):
    with pytest.raises(UsageError) as caught:
        make_plan(registry, [model], [task], [0], protocol)
    assert message in str(caught.value)


def test_planning_leaves_the_callers_random_state_alone(registry):
    import torch

    before = torch.random.get_rng_state()
    make_plan(registry, [LSTM], [COPY], [0], "collier2018")
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_record_answers_its_run(make_run, tmp_path):
    run = make_run()
    execute(Job(run, "cpu", "eager", tmp_path), lambda event: None)
    plan = Plan([run])
    look_up(plan, Store(tmp_path))
    assert plan.cached[run.key].key == run.key
    assert plan.missing == []


def test_a_corrupt_record_is_set_aside_and_its_run_done_again(make_run, tmp_path):
    run = make_run()
    execute(Job(run, "cpu", "eager", tmp_path), lambda event: None)
    path = tmp_path / run.key / "record.json"
    path.write_bytes(path.read_bytes()[:100])
    plan = Plan([run])
    look_up(plan, Store(tmp_path))
    assert plan.missing == [run]
    aside, reason = plan.set_aside[0]
    assert aside.name == "record.json.corrupt-1"
    assert str(path) in reason


def test_a_failed_run_is_done_again(make_run, tmp_path, monkeypatch):
    run = make_run()
    with monkeypatch.context() as patched:
        patched.setattr("mann_bench.execution.worker.train", lambda *_: 1 / 0)
        execute(Job(run, "cpu", "eager", tmp_path), lambda event: None)
    plan = Plan([run])
    look_up(plan, Store(tmp_path))
    assert plan.missing == [run]


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_is_none_is_an_error(registry, seed):
    with pytest.raises(UsageError, match="expected an integer from 0"):
        make_plan(registry, [LSTM], [COPY], [seed], "collier2018")


def test_a_numpy_seed_is_an_integer(registry):
    run = make_plan(registry, [LSTM], [COPY], list(np.arange(1)), "collier2018").runs[0]
    assert run.key == make_plan(registry, [LSTM], [COPY], [0], "collier2018").runs[0].key


def test_a_text_is_no_list(registry):
    with pytest.raises(UsageError, match="models must be a list"):
        make_plan(registry, "ntm", [COPY], [0], "collier2018")


def test_looking_up_without_mending_touches_nothing(make_run, tmp_path):
    run = make_run()
    path = tmp_path / run.key / "record.json"
    path.parent.mkdir()
    path.write_text("{")
    plan = Plan([run])
    look_up(plan, Store(tmp_path), mend=False)
    assert plan.set_aside[0][0] == path
    assert path.read_text() == "{"
