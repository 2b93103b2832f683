import math

import pytest

from mann_bench import MannBenchError, Notice
from mann_bench_ray import following as module
from mann_bench_ray.following import Following
from mann_bench_ray.messages import Done, Lost, Raised, Remark


class FakeFollower:
    """Stands in for `mann_bench.Follower`: runs whose keys are in `records` are over."""

    def __init__(self, jobs):
        self._jobs, self.records, self.problems = jobs, set(), {}

    @property
    def waiting(self):
        return [job for job in self._jobs if job.run.key not in self.records | set(self.problems)]

    def look(self):
        pass

    def lost(self, job, problem):
        self.problems[job.run.key] = problem


class FakeRay:
    """Stands in for Ray: asked the n-th time, it says the n-th of `says`. A run that is done has a record."""

    def __init__(self, monkeypatch, fake_job):
        self.asked, self.events, self.most, self._job = [], [], 0, fake_job
        self._open = set()
        monkeypatch.setattr(module, "_SETTLE_SECONDS", 0.0)

    def messages(self, seconds):
        self.most = max(self.most, len(self._open))
        for message in self._says.pop(0):
            if isinstance(message, Done) and message.node != "elsewhere":
                self._follower.records.add(message.key)
            self._open.discard(getattr(message, "key", None))
            yield message

    def follow(self, keys, *says, retries=0, parallel=math.inf, records=()):
        """Follow runs to their end; return their problems, by key."""
        self._says, self._follower = list(says), FakeFollower([self._job(key) for key in keys])
        self._follower.records |= set(records)
        Following(self, self._submit, retries, parallel, self._follower, self.events.append).finish()
        assert self._says == []
        return self._follower.problems

    def _submit(self, job):
        self.asked.append(job.run.key)
        self._open.add(job.run.key)


@pytest.fixture
def fake_ray(monkeypatch, fake_job):
    return FakeRay(monkeypatch, fake_job)


def done(key):
    return Done(key, "node")


def test_a_run_is_over_when_its_record_stands(fake_ray):
    assert fake_ray.follow("ab", [done("a")], [], [done("b")]) == {}
    assert fake_ray.asked == ["a", "b"]


def test_a_run_that_is_done_already_is_not_asked_for(fake_ray):
    fake_ray.follow("ab", [done("b")], records="a")
    assert fake_ray.asked == ["b"]


def test_no_more_calls_at_a_time_than_asked_for(fake_ray):
    fake_ray.follow("abcd", [done("a")], [done("b")], [done("c")], [done("d")], parallel=2)
    assert (fake_ray.asked, fake_ray.most) == (["a", "b", "c", "d"], 2)


def test_a_lost_run_is_begun_again_before_others(fake_ray):
    says = [Lost("a", "its node died")], [done("b"), done("a")], [done("c")]
    assert fake_ray.follow("abc", *says, retries=1, parallel=2) == {}
    assert fake_ray.asked == ["a", "b", "a", "c"]
    told = "Ray: its node died. The run goes on from its last checkpoint, retry 1 of 1."
    assert fake_ray.events == [Notice("a", told)]


def test_a_run_is_given_up_after_its_last_try(fake_ray):
    lost = [Lost("a", "its node died")]
    problems = fake_ray.follow("ab", lost, lost, [done("b")], retries=1)
    assert problems == {"a": "its node died. That was the last of 2 tries."}


def test_a_run_whose_record_stands_is_not_begun_again(fake_ray):
    assert fake_ray.follow("ab", [done("a"), Lost("a", "its node died"), done("b")], retries=1) == {}
    assert fake_ray.asked == ["a", "b"]


def test_a_call_that_raises_is_not_repeated(fake_ray):
    says = [Raised("a", "ModuleNotFoundError: No module named 'mann_bench_ray'", None), done("b")]
    problems = fake_ray.follow("ab", says, retries=3)
    assert problems == {"a": "its Ray task ended with ModuleNotFoundError: No module named 'mann_bench_ray'"}


def test_what_the_user_has_to_mend_stops_all(fake_ray):
    with pytest.raises(MannBenchError, match="disk full"):
        fake_ray.follow("ab", [Raised("a", "MannBenchError: disk full", MannBenchError("disk full"))], retries=3)


def test_a_record_that_cannot_be_seen_is_said(fake_ray):
    problems = fake_ray.follow("a", [Done("a", "elsewhere")])
    assert "its Ray task on node elsewhere ended, but no record is to be seen in " in problems["a"]
    assert "one that all nodes share" in problems["a"]


def test_remarks_are_told(fake_ray):
    fake_ray.follow("a", [Remark("words")], [done("a")])
    assert fake_ray.events == [Notice("a", "words")]
