"""What begins before torch is imported."""

from pathlib import Path

import pytest

from mann_bench.cli.parameters import ExecutionOptions, expect_runs

OPTIONS = {
    "out": Path("runs"), "executor": "local", "jobs": None, "threads": 1, "device": "auto", "backend": "auto",
    "wandb": "offline", "as_json": False, "dry_run": False, "fresh": False, "shard": None, "checkpoint_every": 60.0,
}  # fmt: skip


@pytest.fixture
def begun(monkeypatch):
    """Return a function that tells what begins, with some options changed."""
    found = []
    monkeypatch.setattr("mann_bench.cli.parameters.usable_cores", lambda: 4)
    monkeypatch.setattr("mann_bench.execution.processes.start_server", lambda: found.append("server"))
    monkeypatch.setattr("mann_bench.reporting.wandb_mirror.import_wandb", lambda: found.append("wandb"))

    def begin(runs=2, **changed):
        found.clear()
        expect_runs(ExecutionOptions(**OPTIONS | changed), runs)
        return list(found)

    return begin


def test_several_runs_begin_the_server_and_their_mirror(begun):
    assert begun() == ["server", "wandb"]


@pytest.mark.parametrize(
    "changed", [{"runs": 1}, {"jobs": 1}, {"threads": 4}, {"device": "cuda"}, {"executor": "slurm:partition=cpu"}]
)
def test_one_worker_needs_no_server(begun, changed):
    assert begun(**changed) == ["wandb"]


def test_what_is_not_mirrored_imports_no_wandb(begun):
    assert begun(wandb="disabled") == ["server"]


def test_a_dry_run_begins_nothing(begun):
    assert begun(dry_run=True) == []
