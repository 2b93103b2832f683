import pytest

from mann_bench import MannBenchError
from mann_bench_slurm import executor as module
from mann_bench_slurm.assignment import Assignment
from mann_bench_slurm.executor import SlurmExecutor
from mann_bench_slurm.ledger import Ledger, Submitted


@pytest.fixture
def cluster(monkeypatch):
    """Stand in for SLURM: what was asked for, what was cancelled, and what following ends with."""

    class Cluster:
        asked, followed, cancelled, ends, queue = [], [], [], None, {}

        def __init__(self, *_):
            self.jobs = ["1_0", "1_1"]

        def follow(self, jobs):
            self.followed.extend(jobs)

        def ask(self, groups):
            self.asked.extend([[each.key for each in group] for group in groups])

        def finish(self):
            if self.ends:
                raise self.ends

    Cluster.asked, Cluster.followed, Cluster.cancelled = [], [], []
    monkeypatch.setattr(module, "_queue", lambda: Cluster.queue)
    monkeypatch.setattr(module, "cancel", Cluster.cancelled.extend)
    monkeypatch.setattr(module, "Following", Cluster)
    return Cluster


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runs_per_job": 0}, "runs_per_job must be at least 1, not 0"),
        ({"retries": -1}, "retries must be at least 0, not -1"),
        ({"timeout_minutes": 1, "margin_seconds": 60}, "less than the time limit, not 60"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SlurmExecutor(**options)


def test_without_slurm_it_says_where_to_go(job, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MannBenchError, match="sbatch, squeue, srun not found"):
        SlurmExecutor().execute([job("a")], print)


def test_nothing_is_submitted_for_no_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    SlurmExecutor().execute([], print)


def test_runs_are_grouped_in_order(cluster, job):
    SlurmExecutor(runs_per_job=2).execute([job(key) for key in "abc"], print)
    assert cluster.asked == [["a", "b"], ["c"]]


def test_runs_of_an_earlier_command_are_followed_not_asked_for(cluster, job, running):
    folder = job("a").out / "slurm"
    folder.mkdir(parents=True)
    theirs = Submitted("7_0", [Assignment.of(job("a"))])
    Ledger(folder).enter(running.name, [theirs])
    cluster.queue = {"7_0": running}
    SlurmExecutor().execute([job("a"), job("b")], lambda event: None)
    assert (cluster.followed, cluster.asked) == ([theirs], [["b"]])


@pytest.mark.parametrize(
    ("cancel", "cancelled", "words"), [(False, [], "2 SLURM jobs go on"), (True, ["1_0", "1_1"], "cancelled")]
)
def test_ctrl_c_says_what_becomes_of_the_jobs(cluster, job, cancel, cancelled, words):
    cluster.ends = KeyboardInterrupt()
    events = []
    with pytest.raises(KeyboardInterrupt):
        SlurmExecutor(cancel=cancel).execute([job("a")], events.append)
    assert cluster.cancelled == cancelled
    assert words in events[-1].text
