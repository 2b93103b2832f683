import os

import pytest

from mann_bench import MannBenchError
from mann_bench_slurm.ledger import Ledger
from mann_bench_slurm.submission import Submission, batches


@pytest.fixture
def submission(tmp_path, monkeypatch):
    """Submissions to a SLURM whose sbatch is the shell script ``sbatch``."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for program in ("sbatch", "srun"):
        (tmp_path / program).write_text("#!/bin/sh\necho Submitted batch job 7\n")
        (tmp_path / program).chmod(0o755)
    return Submission(
        Ledger(tmp_path / "slurm"), 5, {"timeout_min": 9, "slurm_additional_parameters": {"requeue": True}}
    )


def test_groups_become_the_tasks_of_an_array(submission, assignment):
    runs = [assignment("a"), assignment("b")]
    assert submission.submit([[runs[0]], [runs[1]]]) == [("7_0", [runs[0]]), ("7_1", [runs[1]])]


def test_jobs_may_be_requeued(submission, assignment, tmp_path):
    submission.submit([[assignment("a")]])
    assert "#SBATCH --requeue" in (tmp_path / "slurm" / "7_submission.sh").read_text()


def test_what_was_submitted_is_in_the_ledger(submission, assignment, running, tmp_path):
    submission.submit([[assignment("a")]])
    (entry,) = (tmp_path / "slurm").glob("mann-bench-*.json")
    queue = {"7": running._replace(name=entry.stem)}
    assert Ledger(tmp_path / "slurm").alive({"a": assignment("a")}, queue) == [("7", [assignment("a")])]


def test_a_refusal_says_what_slurm_says(submission, assignment, tmp_path):
    (tmp_path / "sbatch").write_text("#!/bin/sh\necho 'sbatch: error: invalid partition specified: x' >&2; exit 1\n")
    with pytest.raises(MannBenchError, match="SLURM takes no jobs: invalid partition specified: x"):
        submission.submit([[assignment("a")]])


def test_a_folder_that_cannot_be_written_is_said(submission, assignment, tmp_path):
    (tmp_path / "slurm").write_text("a file")
    with pytest.raises(MannBenchError, match="slurm: File exists"):
        submission.submit([[assignment("a")]])


def test_the_last_words_of_a_log_are_those_of_the_job(submission, tmp_path):
    (tmp_path / "slurm").mkdir()
    (tmp_path / "slurm" / "7_0_0_log.err").write_text("Traceback\nValueError: no\nsrun: error: node1: task 0\n\n")
    assert submission.last_words("7_0").endswith("ends: ValueError: no")


def test_a_job_without_a_log_left_no_words(submission):
    assert submission.last_words("7_0").startswith("It left no words in ")


def test_batches_keep_the_order():
    assert batches("abcde", 2) == ["ab", "cd", "e"]
