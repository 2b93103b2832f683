"""Follow SLURM jobs until every run has its record, and ask again for the runs of jobs that were lost."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from mann_bench import Follower, Notice, Observer
from mann_bench_slurm.assignment import Assignment
from mann_bench_slurm.ledger import Submitted
from mann_bench_slurm.queue import QueuedJob, queued_jobs

# A network file system may show a record this long after its writer is gone.
_SETTLE_SECONDS = 15.0
_LONGEST_PAUSE = 30.0
_TELL_SECONDS = 15.0


class Submitter(Protocol):
    """What submits groups of runs, each as one SLURM job."""

    def submit(self, groups: Sequence[Sequence[Assignment]]) -> Sequence[Submitted]:
        """Submit each group as a job."""

    def last_words(self, job_id: str) -> str:
        """Return what a job's log ends with, for people."""


class Following:
    """The near side of a study: what was submitted, and what became of it.

    Args:
        submitter: makes SLURM jobs.
        retries: how often a run is asked for again whose job ended without its record.
        follower: tells what happens to the runs.
        observe: is told how the jobs stand.
    """

    def __init__(self, submitter: Submitter, retries: int, follower: Follower, observe: Observer) -> None:
        self._submitter, self._retries, self._follower, self._observe = submitter, retries, follower, observe
        self._jobs: dict[str, Sequence[Assignment]] = {}
        self._gone: dict[str, float] = {}
        self._tries: Counter[str] = Counter()
        self._news = self._told = time.monotonic()

    @property
    def jobs(self) -> list[str]:
        """The ids of the jobs that have runs left to do."""
        return list(self._jobs)

    def follow(self, jobs: Iterable[Submitted]) -> None:
        """Take charge of jobs that were submitted."""
        self._jobs |= {job.id: job.assignments for job in jobs}

    def ask(self, groups: Sequence[Sequence[Assignment]]) -> None:
        """Submit groups and take charge of their jobs."""
        self._tries.update(assignment.key for group in groups for assignment in group)
        self._news = time.monotonic()
        self.follow(self._submitter.submit(groups))

    def finish(self) -> None:
        """Return when every run has its record or was given up."""
        while self._follower.waiting:
            queue = queued_jobs()  # before the records: what a job wrote before it left the queue is seen then
            self._look()
            if queue is not None:
                self._ask_again(self._lost(queue))
            if self._follower.waiting:
                self._tell(queue)
                time.sleep(min(_LONGEST_PAUSE, 0.5 + (time.monotonic() - self._news) / 20))

    def _look(self) -> None:
        """See which runs are over, and forget the jobs that have none left."""
        before = len(self._follower.waiting)
        self._follower.look()
        waiting = {job.run.key for job in self._follower.waiting}
        if len(waiting) < before:
            self._news = time.monotonic()
        left = {job_id: [each for each in runs if each.key in waiting] for job_id, runs in self._jobs.items()}
        self._jobs = {job_id: runs for job_id, runs in left.items() if runs}

    def _lost(self, queue: Mapping[str, QueuedJob]) -> list[str]:
        """Return the jobs that have been out of the queue for long enough to know that their runs have no record."""
        now = time.monotonic()
        self._gone = {job_id: self._gone.get(job_id, now) for job_id in self._jobs if job_id not in queue}
        return [job_id for job_id, since in self._gone.items() if now - since >= _SETTLE_SECONDS]

    def _ask_again(self, lost: Iterable[str]) -> None:
        """Ask again for the runs of lost jobs. One that was begun may be what ended its job, so it comes by itself."""
        begun = {job.run.key for job in self._follower.running}
        again: list[list[Assignment]] = []
        for job_id in lost:
            words = self._submitter.last_words(job_id)
            left: list[Assignment] = []
            for assignment in self._jobs.pop(job_id):
                tries = self._tries[assignment.key]
                if tries > self._retries:
                    problem = f"SLURM job {job_id} ended without its record, the last of {tries}. {words}"
                    self._follower.lost(assignment.job, problem)
                else:
                    left.append(assignment)
            if left:
                text = f"SLURM job {job_id} ended with {len(left)} runs left, which are submitted again. {words}"
                self._observe(Notice(left[0].key, text))
            again += [[each] for each in left if each.key in begun]
            if rest := [each for each in left if each.key not in begun]:
                again.append(rest)
        if again:
            self.ask(again)

    def _tell(self, queue: Mapping[str, QueuedJob] | None) -> None:
        """Say from time to time how the jobs stand."""
        if time.monotonic() - self._told < _TELL_SECONDS:
            return
        self._told = time.monotonic()
        left = self._follower.waiting
        self._observe(Notice(left[0].run.key, f"SLURM: {self._standing(queue)}; {len(left)} runs left."))

    def _standing(self, queue: Mapping[str, QueuedJob] | None) -> str:
        if queue is None:
            return "squeue does not answer"
        mine = [queue[job_id] for job_id in self._jobs if job_id in queue]
        waiting, held = sum(job.waits for job in mine), [job.reason for job in mine if job.held]
        text = f"{len(mine) - waiting} jobs run, {waiting} wait"
        return f"{text}, {len(held)} of them until someone releases them ({held[0]})" if held else text
