import pytest

import mann_bench
from mann_bench.cli.main import invoke
from mann_bench.core.errors import UsageError
from mann_bench.execution.plan import Block, make_plan
from mann_bench.execution.prepare import prepare
from mann_bench.execution.ram import WORKER_BYTES
from mann_bench.registry import Registry
from mann_bench.results.store import Store

MODEL, TASK = "lstm:layers=1,units=8", "copy:max_length=3"


@pytest.fixture
def memory(monkeypatch):
    """Return a function that sets how many workers the free memory carries."""

    def carries(workers):
        free = (workers * WORKER_BYTES or 2**20) + 2**20 * workers
        monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: free)

    return carries


@pytest.fixture
def plan(tiny_protocol):
    """Return a function that makes a plan of one cell."""

    def make(seeds=4):
        block = Block([MODEL], [TASK], [tiny_protocol()])
        return make_plan(Registry.discover(third_party=False), [block], range(seeds))

    return make


@pytest.fixture
def prepared(plan, tmp_path):
    """Return a function that prepares a plan of four runs."""

    def make(**options):
        registry = options.pop("registry", None) or Registry.discover(third_party=False)
        return prepare(registry, plan(), tmp_path / "runs", **{"device": "cpu"} | options)

    return make


@pytest.mark.parametrize(("jobs", "carried", "workers"), [(3, 8, 3), (8, 8, 4), (8, 2, 2), (8, 0, 1)])
def test_there_are_no_more_workers_than_runs_and_memory_carry(prepared, memory, jobs, carried, workers):
    memory(carried)
    setting = prepared(jobs=jobs)
    assert (setting.workers, setting.executor.jobs) == (workers, workers)


def test_what_does_not_fit_is_refused_before_the_runs(prepared, monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 2**10)
    with pytest.raises(UsageError, match=r"free here\. Expected shorter sequences or a smaller model"):
        prepared(jobs=1)


def test_the_largest_batch_of_a_cell_is_counted(tiny_protocol, tmp_path):
    registry = Registry.discover(third_party=False)
    protocols = [tiny_protocol(batch_size=size) for size in (2, 64, 8)]
    plan = make_plan(registry, [Block([MODEL], [TASK], protocols)], [0])
    assert prepare(registry, plan, tmp_path, dry_run=True).needs[MODEL, TASK].batch_size == 64


def test_a_gpu_does_not_count_the_memory_of_workers(prepared, memory, monkeypatch):
    memory(2)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    setting = prepared(device="cuda", jobs=3)
    assert (setting.workers, setting.fit) == (3, None)


def test_another_executor_is_left_as_it_is(prepared, far_registry):
    setting = prepared(registry=far_registry, executor="far:each=2", device="auto")
    assert (setting.executor.each, setting.device, setting.workers) == (2, "cpu", None)


def test_a_dry_run_touches_nothing(prepared, tmp_path):
    prepared(dry_run=True)
    assert not (tmp_path / "runs").exists()


def test_what_is_wrong_with_the_options_is_refused_before_the_store_is_touched(prepared, tmp_path):
    for options in ({"threads": 0}, {"jobs": 0}, {"executor": "locl"}, {"device": "tpu"}):
        with pytest.raises(UsageError):
            prepared(**options)
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def prepared_by(monkeypatch, tmp_path, tiny_protocol):
    """Return a function that lets ``mann-bench run`` or `mann_bench.run` prepare two runs: plan and setting."""
    made = []

    def watch(registry, plan, out, **options):
        made.append((plan, prepare(registry, plan, out, **options)))
        return made[-1][1]

    monkeypatch.setattr("mann_bench.api.prepare", watch)
    monkeypatch.setattr("mann_bench.cli.execution.prepare", watch)
    monkeypatch.setattr("mann_bench.execution.local.LocalExecutor.execute", lambda *_: None)

    def run(way, **options):
        where = {"protocol": tiny_protocol(), "out": str(tmp_path), "wandb": "disabled"} | options
        if way == "python":
            mann_bench.run([MODEL], [TASK], range(2), plugins=False, progress=False, **where)
        else:
            given = [f"--{name}={value}" for name, value in where.items()]
            invoke(["--no-plugins", "run", "--model", MODEL, "--task", TASK, "--seeds", "0-1", *given])
        return made.pop()

    return run


def test_from_python_and_from_the_command_line_plan_and_setting_are_the_same(prepared_by, memory):
    memory(2)
    (plan, setting), (other_plan, other) = (prepared_by(way, jobs=32) for way in ("python", "command line"))
    assert [run.key for run in plan.runs] == [run.key for run in other_plan.runs]
    assert (setting.executor.jobs, other.executor.jobs) == (2, 2)
    assert (setting.device, setting.workers, setting.fit) == (other.device, other.workers, other.fit)
    assert setting.needs == other.needs


def test_from_python_no_more_workers_start_than_memory_carries(prepared_by, memory):
    memory(1)
    assert prepared_by("python", jobs=32)[1].executor.jobs == 1


def test_a_record_answers_its_run_unless_all_is_to_be_fresh(plan, tmp_path):
    registry = Registry.discover(third_party=False)
    found = mann_bench.run([MODEL], [TASK], [0], plan(1).runs[0].protocol_text, out=tmp_path, wandb="disabled")
    answered, fresh = plan(2), plan(2)
    assert prepare(registry, answered, tmp_path, jobs=8).workers == 1
    prepare(registry, fresh, tmp_path, fresh=True)
    assert [*answered.cached.values()] == [*found.records] == [Store(tmp_path).find(found.records[0].key)]
    assert fresh.cached == {}
