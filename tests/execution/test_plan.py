import json
import math

import numpy as np
import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.jobs import Job
from mann_bench.core.specs import ConvergenceRule
from mann_bench.execution import plan as plan_module
from mann_bench.execution.plan import Block, Plan, Shard, by_cell, look_up, make_plan
from mann_bench.execution.worker import execute_job
from mann_bench.registry import Registry
from mann_bench.results.store import NewerRecordError, Store

LSTM, COPY = "lstm:layers=1,units=8", "copy:max_length=3"


@pytest.fixture
def registry():
    return Registry.discover(third_party=False)


def test_runs_go_seed_by_seed_over_all_cells(registry):
    plan = make_plan(registry, [Block(["ntm", "lstm"], ["copy"], ["collier2018"])], [1, 0])
    assert [(run.seed, run.model.name) for run in plan.runs] == [(1, "ntm"), (1, "lstm"), (0, "ntm"), (0, "lstm")]


def test_runs_go_seed_by_seed_over_all_blocks(registry):
    blocks = [Block(["ntm"], ["copy"], ["collier2018"]), Block(["lstm"], ["copy", "repeat_copy"], ["collier2018"])]
    plan = make_plan(registry, blocks, [0, 1])
    cells = [("ntm", "copy"), ("lstm", "copy"), ("lstm", "repeat_copy")]
    assert [(run.seed, run.model.name, run.task.name) for run in plan.runs] == [
        (seed, *cell) for seed in (0, 1) for cell in cells
    ]


def test_a_block_has_every_model_on_every_task_under_every_protocol(registry):
    blocks = [Block([LSTM, "lstm"], [COPY, "copy"], ["collier2018", "collier2018:grace=0"])]
    runs = make_plan(registry, blocks, [0]).runs
    assert len({(run.model.text, run.task.text, run.protocol_text) for run in runs}) == len(runs) == 8


def test_each_text_is_resolved_and_each_model_built_once(registry, monkeypatch):
    calls = []
    for name in ("resolve_component", "resolve_protocol", "checked_task", "checked_model"):
        real = getattr(plan_module, name)
        monkeypatch.setattr(plan_module, name, lambda *a, real=real, name=name: (calls.append(name), real(*a))[1])
    make_plan(registry, [Block([LSTM], [COPY], ["collier2018"]), Block([LSTM], [COPY], ["collier2018"])], range(3))
    assert sorted(calls) == ["checked_model", "checked_task", *2 * ["resolve_component"], "resolve_protocol"]


def test_runs_are_grouped_by_cell_in_their_order(registry):
    runs = make_plan(registry, [Block(["ntm", LSTM], [COPY], ["collier2018"])], [1, 0]).runs
    cells = by_cell(runs)
    assert [(str(name), [run.seed for run in cell]) for name, cell in cells.items()] == [
        (f"ntm on {COPY} under collier2018", [1, 0]),
        (f"{LSTM} on {COPY} under collier2018", [1, 0]),
    ]


def test_a_run_that_is_asked_for_twice_is_planned_once(registry):
    plan = make_plan(registry, [Block(["ntm", "ntm:memory_init=constant"], ["copy"], ["collier2018"])], [0, 0])
    assert len(plan.runs) == 1


@pytest.mark.parametrize(
    ("models", "tasks", "seeds"), [([], ["copy"], [0]), (["ntm"], [], [0]), (["ntm"], ["copy"], [])]
)
def test_nothing_to_run_is_an_error(registry, models, tasks, seeds):
    with pytest.raises(UsageError, match="nothing to run: give at least one"):
        make_plan(registry, [Block(models, tasks, ["collier2018"])], seeds)


def test_more_runs_than_can_be_planned_in_seconds_are_refused(registry):
    with pytest.raises(UsageError, match="100,002 runs: expected at most 100,000 at once"):
        make_plan(registry, [Block(["ntm", LSTM], [COPY], ["collier2018"])], range(50_001))


def test_options_are_resolved_in_full(registry):
    run = make_plan(registry, [Block(["ntm:memory_slots=64"], ["copy:layout=collier2018"], ["collier2018"])], [0]).runs[
        0
    ]
    assert run.model.options["memory_slots"] == 64
    assert run.model.options["slot_width"] == 20
    assert run.model.given == {"memory_slots": "64"}
    assert run.task.text == "copy:layout=collier2018"


def test_protocol_fields_are_resolved_in_full(registry):
    run = make_plan(registry, [Block(["lstm"], ["copy"], ["collier2018:max_steps=7,learning_rate=3e-4"])], [0]).runs[0]
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
        ("ntm:memory_slots=100000000000", "copy", "collier2018", "of memory are free here. Expected a smaller model"),
        ("ntm", "associative_recall:bits=10,item_rows=1,max_items=512", "collier2018", "more bits an item"),
    ],
)
def test_bad_input_names_the_fault_and_the_remedy(registry, model, task, protocol, message):
    with pytest.raises(UsageError) as caught:
        make_plan(registry, [Block([model], [task], [protocol])], [0])
    assert message in str(caught.value)


PADDED = f"lstm:layers=1,units={8:01001}"


@pytest.mark.parametrize(
    ("model", "task", "protocol", "message"),
    [
        (LSTM, COPY, "collier2018:test_sequences=100001", "test_sequences: expected a whole number from 1 to 100,000."),
        (LSTM, COPY, f"collier2018:max_steps={10**30}", "option 'max_steps': a whole number beyond 9,007,199,254,740"),
        (LSTM, COPY, f"collier2018:grace={2**53 + 1}", "protocol 'collier2018': no record can hold option 'grace': a"),
        (LSTM, f"copy:bits={2**53 + 1}", "collier2018", "task 'copy': no record can hold option 'bits': a whole numb"),
        (PADDED, COPY, "collier2018", "option 'units': a text of 1,001 characters, at most 1,000."),
        (f"acme:words={1_001 * 'x'}", COPY, "collier2018", "model 'acme': no record can hold option 'words': a text"),
        ("acme:words~=" + 400 * "%2C", COPY, "collier2018", "would be read again: model.text: a text of 1,212"),
        ("acme:words~=a%0Ab", COPY, "collier2018", "expected escapes of characters that can be seen"),
    ],
)
def test_what_no_record_can_hold_is_refused_with_the_limit(registry_with, model, task, protocol, message):
    with pytest.raises(UsageError) as caught:
        make_plan(registry_with("broken_models:Wordy"), [Block([model], [task], [protocol])], [0])
    assert message in str(caught.value)


@pytest.mark.parametrize("option", ["scale=1e999", "scale=inf"])
def test_an_option_that_is_not_finite_is_refused(registry_with, option):
    with pytest.raises(UsageError, match="takes float, not"):
        make_plan(registry_with("broken_models:Wordy"), [Block([f"acme:{option}"], [COPY], ["collier2018"])], [0])


@pytest.mark.parametrize("fields", [{"below": math.nan}, {"below": 1e-40}, {"metric": "bit\nerrors"}])
def test_a_convergence_rule_that_no_record_can_hold_is_refused(registry_with, fields):
    registry = registry_with("broken_tasks:Sound", convergence=ConvergenceRule(**fields))
    with pytest.raises(UsageError, match="on acme under collier2018: none of its records would be read again"):
        make_plan(registry, [Block([LSTM], ["acme"], ["collier2018"])], [0])


def test_each_cell_is_judged_once(registry, monkeypatch):
    judged = []
    monkeypatch.setattr(plan_module, "check_recordable", judged.append)
    make_plan(registry, [Block(["ntm", LSTM], [COPY], ["collier2018"])], range(3))
    assert [(run.model.name, run.seed) for run in judged] == [("ntm", 0), ("lstm", 0)]


def test_planning_leaves_the_callers_random_state_alone(registry):
    import torch

    before = torch.random.get_rng_state()
    make_plan(registry, [Block([LSTM], [COPY], ["collier2018"])], [0])
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_record_answers_its_run(make_run, tmp_path):
    run = make_run()
    execute_job(Job(run, "cpu", "eager", tmp_path), lambda event: None)
    plan = Plan([run])
    look_up(plan, Store(tmp_path))
    assert plan.cached[run.key].key == run.key
    assert plan.missing == []


def test_a_corrupt_record_is_set_aside_and_its_run_done_again(make_run, tmp_path):
    run = make_run()
    execute_job(Job(run, "cpu", "eager", tmp_path), lambda event: None)
    path = tmp_path / run.key / "record.json"
    path.write_bytes(path.read_bytes()[:100])
    plan = Plan([run])
    look_up(plan, Store(tmp_path))
    assert plan.missing == [run]
    aside, reason = plan.set_aside[0]
    assert aside.name == "record.json.corrupt-1"
    assert str(path) in reason


def test_a_record_of_a_newer_version_is_neither_an_answer_nor_set_aside(make_run, tmp_path):
    run = make_run()
    execute_job(Job(run, "cpu", "eager", tmp_path), lambda event: None)
    path = tmp_path / run.key / "record.json"
    newer = json.loads(path.read_text()) | {"schema_version": 2, "curve": [{"novel": row} for row in range(2000)]}
    path.write_text(json.dumps(newer))
    with pytest.raises(NewerRecordError, match="reads 1; install a newer one"):
        look_up(Plan([run]), Store(tmp_path))
    assert json.loads(path.read_text()) == newer
    plan = Plan([run])
    look_up(plan, Store(tmp_path), mend=False)
    assert plan.missing == [run]


def test_a_failed_run_is_done_again(make_run, tmp_path, monkeypatch):
    run = make_run()
    with monkeypatch.context() as patched:
        patched.setattr("mann_bench.execution.worker.train", lambda *_: 1 / 0)
        execute_job(Job(run, "cpu", "eager", tmp_path), lambda event: None)
    plan = Plan([run])
    look_up(plan, Store(tmp_path))
    assert plan.missing == [run]
    assert plan.failed[run.key].error


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_is_none_is_an_error(registry, seed):
    with pytest.raises(UsageError, match="expected an integer from 0"):
        make_plan(registry, [Block([LSTM], [COPY], ["collier2018"])], [seed])


def test_a_numpy_seed_is_an_integer(registry):
    run = make_plan(registry, [Block([LSTM], [COPY], ["collier2018"])], list(np.arange(1))).runs[0]
    assert run.key == make_plan(registry, [Block([LSTM], [COPY], ["collier2018"])], [0]).runs[0].key


def test_no_block_is_nothing_to_run(registry):
    with pytest.raises(UsageError, match="nothing to run: give at least one block"):
        make_plan(registry, [], [0])


def test_a_text_is_no_list(registry):
    with pytest.raises(UsageError, match="models must be a list"):
        make_plan(registry, [Block("ntm", [COPY], ["collier2018"])], [0])


def test_looking_up_without_mending_touches_nothing(make_run, tmp_path):
    run = make_run()
    path = tmp_path / run.key / "record.json"
    path.parent.mkdir()
    path.write_text("{")
    plan = Plan([run])
    look_up(plan, Store(tmp_path), mend=False)
    assert plan.set_aside[0][0] == path
    assert path.read_text() == "{"


@pytest.fixture
def plan(run_of):
    """Return a plan of four cells and five seeds, as plans are: seed by seed over all cells."""
    cells = [(model, task) for task in ("copy", "sort") for model in ("ntm", "lstm")]
    return Plan([run_of(*cell, seed) for seed in range(5) for cell in cells])


@pytest.mark.parametrize("parts", [1, 3, 4, 8, 20, 21])
def test_shards_are_the_plan_and_share_nothing(plan, parts):
    shards = [Shard(number, parts).of(plan).runs for number in range(1, parts + 1)]
    keys = [run.key for runs in shards for run in runs]
    assert sorted(keys) == sorted(run.key for run in plan.runs)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@pytest.mark.parametrize("parts", [2, 4, 8])
def test_shards_have_as_many_runs_of_each_cell(plan, parts):
    shards = [by_cell(Shard(number, parts).of(plan).runs) for number in range(1, parts + 1)]
    for cell in by_cell(plan.runs):
        counts = [len(shard.get(cell, [])) for shard in shards]
        assert max(counts) - min(counts) <= 1


def test_a_shard_keeps_the_order_of_the_plan(plan):
    seeds = [run.seed for run in Shard(2, 3).of(plan).runs]
    assert seeds == sorted(seeds)


def test_records_move_no_run_to_another_shard(plan):
    before = Shard(2, 3).of(plan).runs
    plan.cached = dict.fromkeys([run.key for run in plan.runs[:7]])
    assert Shard(2, 3).of(plan).runs == before


def test_a_shard_reads_as_it_is_typed():
    assert Shard.parse(" 2/8 ") == (2, 8)


@pytest.mark.parametrize(
    "text", ["", "2", "0/8", "9/8", "2/0", "-1/8", "2/8/9", "a/b", "1/99999999999999999999", "²/8"]
)
def test_a_shard_that_is_none_is_an_error(text):
    with pytest.raises(UsageError, match="expected a part and how many there are, from 1/8 to 8/8"):
        Shard.parse(text)
