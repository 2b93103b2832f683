import os

import pytest

from mann_bench_slurm.queue import QueuedJob, queued_jobs


@pytest.fixture
def squeue(tmp_path, monkeypatch):
    """Return a function that lets squeue be a shell script."""

    def write(script):
        program = tmp_path / "squeue"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    return write


def test_jobs_are_known_by_the_ids_of_their_tasks(squeue):
    squeue("echo '7_0|RUNNING|None|mann-bench-1'; echo '7_1|PENDING|Resources|mann-bench-1'")
    assert queued_jobs() == {
        "7_0": QueuedJob("mann-bench-1", "RUNNING", "None"),
        "7_1": QueuedJob("mann-bench-1", "PENDING", "Resources"),
    }


def test_an_empty_queue_is_not_silence(squeue):
    squeue("true")
    assert queued_jobs() == {}


def test_silence_is_none(squeue):
    squeue("echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
    assert queued_jobs() is None


@pytest.mark.parametrize(
    ("state", "reason", "held"),
    [
        ("PENDING", "launch failed requeued held", True),
        ("PENDING", "JobHeldUser", True),
        ("PENDING", "Priority", False),
    ],
)
def test_a_job_that_someone_must_release_is_held(state, reason, held):
    assert QueuedJob("name", state, reason).held is held
