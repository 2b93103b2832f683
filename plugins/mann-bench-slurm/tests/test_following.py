import pytest

from mann_bench import Notice
from mann_bench_slurm import following as module
from mann_bench_slurm.following import Following
from mann_bench_slurm.ledger import Submitted


class FakeFollower:
    """Stands in for `mann_bench.Follower`: it takes whatever stands for a record."""

    def __init__(self, assignments):
        self._assignments = {assignment.key: assignment for assignment in assignments}
        self.finished, self.running = {}, []

    @property
    def waiting(self):
        return [each.job for key, each in self._assignments.items() if key not in self.finished]

    def look(self):
        self.finished |= {key: None for key, each in self._assignments.items() if each.done()}

    def lost(self, job, problem):
        self.finished[job.run.key] = problem


class Cluster:
    """Stands in for SLURM: the n-th look at the queue sees the n-th entry of `looks`, which may do something, too."""

    def __init__(self, monkeypatch):
        self.looks, self.asked, self.events = [], [], []
        monkeypatch.setattr(module, "queued_jobs", self._look)
        monkeypatch.setattr(module, "_SETTLE_SECONDS", 0.0)
        monkeypatch.setattr(module.time, "sleep", lambda seconds: None)

    def _look(self):
        return self.looks.pop(0)()

    def submit(self, groups):
        self.asked.append([[each.key for each in group] for group in groups])
        return [Submitted(f"{len(self.asked)}_{number}", group) for number, group in enumerate(groups)]

    def last_words(self, job_id):
        return f"Its log {job_id} ends."

    def follow(self, groups, looks, retries=0, begun=()):
        """Follow groups to their end; return the problem of each run, None where it has a record."""
        self.looks = looks
        follower = FakeFollower([each for group in groups for each in group])
        follower.running = [each.job for each in begun]
        following = Following(self, retries, follower, self.events.append)
        following.ask(groups)
        following.finish()
        return follower.finished


@pytest.fixture
def cluster(monkeypatch):
    return Cluster(monkeypatch)


def test_a_run_is_over_when_its_record_stands(cluster, assignment, finish, running):
    asked = assignment("a")
    looks = [lambda: {"1_0": running}, lambda: finish(asked.job) or {"1_0": running}]
    assert cluster.follow([[asked]], looks) == {"a": None}


def test_the_runs_of_a_lost_job_are_asked_for_again(cluster, assignment, finish):
    runs = [assignment("a"), assignment("b")]
    cluster.follow([runs], [dict, lambda: [finish(each.job) for each in runs] and {}], retries=1)
    assert cluster.asked == [[["a", "b"]], [["a", "b"]]]


def test_a_run_that_was_begun_when_its_job_was_lost_comes_by_itself(cluster, assignment, finish):
    runs = [assignment(key) for key in "abc"]
    looks = [dict, lambda: [finish(each.job) for each in runs] and {}]
    cluster.follow([runs], looks, retries=1, begun=runs[:1])
    assert cluster.asked == [[["a", "b", "c"]], [["a"], ["b", "c"]]]


def test_a_run_is_given_up_after_its_last_try(cluster, assignment):
    problem = "SLURM job 2_0 ended without its record, the last of 2. Its log 2_0 ends."
    assert cluster.follow([[assignment("a")]], [dict, dict], retries=1) == {"a": problem}


def test_a_silent_squeue_loses_nothing(cluster, assignment, finish):
    asked = assignment("a")
    assert cluster.follow([[asked]], [lambda: None, lambda: finish(asked.job)]) == {"a": None}


def test_a_job_that_comes_back_to_the_queue_is_not_lost(cluster, assignment, finish, running, monkeypatch):
    monkeypatch.setattr(module, "_SETTLE_SECONDS", 3600.0)
    asked = assignment("a")
    cluster.follow([[asked]], [dict, lambda: {"1_0": running}, lambda: finish(asked.job) or {}])
    assert cluster.asked == [[["a"]]]


def test_how_jobs_stand_is_told(cluster, assignment, finish, running, waiting, monkeypatch):
    monkeypatch.setattr(module, "_TELL_SECONDS", 0.0)
    held = waiting._replace(reason="JobHeldAdmin")
    runs = [assignment("a"), assignment("b")]
    looks = [lambda: {"1_0": running, "1_1": held}, lambda: [finish(each.job) for each in runs] and {}]
    cluster.follow([[run] for run in runs], looks)
    (told,) = (event.text for event in cluster.events if isinstance(event, Notice))
    assert told == "SLURM: 1 jobs run, 1 wait, 1 of them until someone releases them (JobHeldAdmin); 2 runs left."
