"""Where runs execute: ``--executor``, ``--shard``, and ``mann-bench merge``."""

import re
from pathlib import Path

import pytest

from mann_bench.registry import Registry


@pytest.fixture
def far(far_registry, monkeypatch):
    monkeypatch.setattr(Registry, "discover", lambda third_party=True: far_registry)


def train(mann_bench, protocol, *arguments, seeds="0-2"):
    base = ["run", "--model", "lstm:layers=1,units=8", "--task", "copy:max_length=3", "--protocol", protocol]
    return mann_bench(*base, "--seeds", seeds, *arguments)


def test_another_executor_does_the_runs(far, mann_bench, tiny_protocol):
    code, out, err = train(mann_bench, tiny_protocol(), "--executor", "far:each=2")
    assert code == 0
    assert "3 runs: 0 already recorded, 3 to train, on cpu by far:each=2." in err
    assert "(3 of 3 runs over)" in err
    assert re.search(r"0/3 \[", out)
    assert len(list(Path("runs").glob("*/record.json"))) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["--executor", "far", "--jobs", 2],
            2,
            "--jobs works only with the executor 'local'. With 'far', write far:each=2.",
        ),
        (["--executor", "local:jobs=2", "--jobs", 3], 2, "--jobs 3 and --executor local:jobs=2: give one of them."),
        (["--executor", "locl"], 2, "unknown executor 'locl'. Did you mean 'local'?"),
        (["--executor", "far:each=0"], 2, "executor 'far:each=0': each must be at least 1, not 0."),
        (["--executor", "gone"], 3, "cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"),
        (["--executor", "slurm:partition=cpu"], 3, "Install it: pip install mann-bench-slurm."),
        (["--shard", "9/8"], 2, "shard '9/8': expected a part and how many there are"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(far, mann_bench, tiny_protocol, arguments, code, message):
    found, out, err = train(mann_bench, tiny_protocol(), *arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert not Path("runs").exists()


def test_a_gpu_elsewhere_need_not_be_one_here(far, mann_bench, tiny_protocol):
    _, _, err = train(mann_bench, tiny_protocol(), "--executor", "far", "--device", "cuda", "--dry-run")
    assert "3 to train, on cuda by far." in err


def test_local_says_its_jobs_either_way(mann_bench, tiny_protocol):
    for arguments in (["--jobs", 2], ["--executor", "local:jobs=2"]):
        _, _, err = train(mann_bench, tiny_protocol(), *arguments, "--dry-run")
        assert "3 to train, on cpu in 2 processes" in err


def test_executors_are_listed(far, mann_bench):
    _, out, _ = mann_bench("list", "executors")
    assert re.search(r"^far +far away +mann-bench-far$", out, re.M)
    assert re.search(r"^local +processes of this machine +mann-bench$", out, re.M)


def test_shards_together_are_all_runs(run):
    assert "2 runs: 0 already recorded, 2 to train" in run("--shard", "1/2", seeds="0-2")[2]
    assert "1 run: 0 already recorded, 1 to train" in run("--shard", "2/2", seeds="0-2")[2]
    assert "3 runs: 3 already recorded, 0 to train" in run(seeds="0-2")[2]


def test_shards_of_two_machines_come_together(run, mann_bench):
    run("--shard", "1/2", "--out", "one", seeds="0-1")
    run("--shard", "2/2", "--out", "two", seeds="0-1")
    assert mann_bench("merge", "one", "two", "--out", "runs") == (0, "", "runs: 2 records copied, 0 already there.\n")
    assert mann_bench("merge", "one", "two", "--out", "runs") == (0, "", "runs: 0 records copied, 2 already there.\n")
    assert "2 runs: 2 already recorded, 0 to train" in run(seeds="0-1")[2]


def test_a_study_has_shards_too(mann_bench):
    code, _, err = mann_bench("study", "run", "smoke", "--shard", "1/2", "--dry-run")
    assert code == 0
    assert "0 already recorded" in err


def test_a_conflict_exits_4_and_names_both(mann_bench, run):
    run("--out", "one")
    run("--out", "two")
    path = next(Path("two").glob("*/record.json"))
    path.write_text(path.read_text().replace('"steps": 4', '"steps": 3'))
    code, _, err = mann_bench("merge", "one", "two", "--out", "all")
    assert code == 4
    assert all(str(Path(folder, *path.parts[1:])) in err for folder in ("one", "two"))
    assert not Path("all").exists()


def test_merge_without_records_is_an_error(mann_bench):
    Path("empty").mkdir()
    code, _, err = mann_bench("merge", "empty", "--out", "all")
    assert code == 1
    assert "no records here" in err
