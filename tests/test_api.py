import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import mann_bench
from mann_bench.execution import worker
from mann_bench.results.repeatable import repeatable

MODEL, TASK = "lstm:layers=1,units=8", "copy:max_length=3"


@pytest.fixture
def run(tiny_protocol, tmp_path):
    """Return a function that calls `mann_bench.run` on a small model and task."""

    def call(**options):
        options = {"protocol": tiny_protocol(), "out": tmp_path, "wandb": "disabled", "plugins": False} | options
        return mann_bench.run([MODEL], [TASK], **options)

    return call


def test_it_returns_a_record_a_run(run):
    results = run(seeds=range(2))
    assert [record.seed for record in results.records] == [0, 1]
    assert "Length generalisation" in str(results)
    assert results.problems == []


def test_records_load_again(run, tmp_path):
    results = run(seeds=[3])
    assert list(mann_bench.load(tmp_path).records) == list(results.records)


def test_what_has_a_record_is_not_trained_again(run):
    first = run(seeds=[0])
    assert run(seeds=[0]).records == first.records
    assert run(seeds=[0], fresh=True).records != first.records


def test_progress_goes_to_standard_error_and_can_be_switched_off(run, capsys):
    run(seeds=[0])
    assert "seed 0: started" in capsys.readouterr().err
    run(seeds=[1], progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_corrupt_record_is_reported(run, tmp_path):
    key = run(seeds=[0]).records[0].key
    (tmp_path / key / "record.json").write_text("{")
    results = run(seeds=[0])
    assert len(results.records) == 1
    assert "record.json.corrupt-1" in results.problems[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"jobs": 0}, "jobs must be"), ({"wandb": "maybe"}, "wandb 'maybe'"), ({"out": ""}, "a path, not an empty")],
)
def test_bad_options_are_errors(run, options, message):
    with pytest.raises(mann_bench.MannBenchError, match=message):
        run(seeds=[0], **options)


def test_an_executor_does_the_runs(run):
    assert len(run(seeds=[0], executor="local:jobs=1").records) == 1


def test_jobs_and_an_executor_exclude_each_other(run):
    with pytest.raises(mann_bench.MannBenchError, match="give one of them"):
        run(seeds=[0], jobs=2, executor="local")


def test_a_shard_is_a_part_of_the_runs(run):
    assert [record.seed for record in run(seeds=range(3), shard="2/3").records] == [1]


# A process has one list of filters of warnings. The checker of types replaces it while it wraps a function in one
# thread, and so takes away what training ignores in another one.
threads_share_filters = pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated")


def in_threads(call, count):
    """Call with each of the first numbers at once; the results in order."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(call, range(count)))
    finally:
        sys.setswitchinterval(interval)


@threads_share_filters
def test_runs_of_several_threads_are_those_of_one(run, tmp_path):
    def record(seed, folder):
        (found,) = run(seeds=[seed], out=tmp_path / folder, progress=False).records
        assert found.error is None, found.error
        return repeatable(found)

    alone = [record(seed, "alone") for seed in range(4)]
    assert in_threads(lambda seed: record(seed, "together"), 4) == alone


@threads_share_filters
def test_threads_train_one_run_after_another(run, monkeypatch):
    train, trains = worker.train, threading.Lock()

    def alone(*arguments):
        assert trains.acquire(blocking=False), "another thread trains"
        try:
            time.sleep(0.05)
            return train(*arguments)
        finally:
            trains.release()

    monkeypatch.setattr(worker, "train", alone)
    found = in_threads(lambda seed: run(seeds=[seed], progress=False).records[0], 3)
    assert [record.error for record in found] == [None] * 3


@threads_share_filters
def test_threads_that_want_the_same_run_train_it_once(run, monkeypatch):
    trained, train = [], worker.train
    monkeypatch.setattr(worker, "train", lambda *arguments: trained.append(1) or train(*arguments))
    found = in_threads(lambda _: run(seeds=[0], progress=False).records, 3)
    assert (len(trained), found[1:]) == (1, found[:-1])


def test_a_script_needs_no_guard_for_several_jobs(tmp_path, tiny_protocol):
    script = tmp_path / "script.py"
    script.write_text(
        "import mann_bench\nprint('once')\n"
        f"results = mann_bench.run([{MODEL!r}], [{TASK!r}], range(2), {tiny_protocol()!r}, jobs=2, wandb='disabled')\n"
        "print(len(results.records))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines() == ["once", "2"]
