"""Have runs done by Ray until every one has its record, and begin again those whose worker or node was lost."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Protocol

from mann_bench import Follower, Job, MannBenchError, Notice, Observer
from mann_bench_ray.messages import Done, Ending, Lost, Message, Raised, Remark

_PAUSE_SECONDS = 1.0
# A network file system may show a record this long after its writer is gone.
_SETTLE_SECONDS = 15.0
# At a time, so that what Ray says is heard in between.
_MOST_SUBMITTED = 100


class RemoteCalls(Protocol):
    """What does runs, each by one call."""

    def messages(self, seconds: float) -> Iterator[Message]:
        """Yield what became of calls, waiting up to `seconds` for the first."""


class Following:
    """The near side of a study: which runs wait for a call, which have one, and what became of it.

    Args:
        calls: says what becomes of Ray's calls.
        submit: gives a run to Ray.
        retries: how often a run is begun again whose worker or node was lost.
        parallel: how many calls there are at a time, at most.
        follower: tells what happens to the runs.
        observe: is told what else there is to know.
    """

    def __init__(
        self,
        calls: RemoteCalls,
        submit: Callable[[Job], None],
        retries: int,
        parallel: float,
        follower: Follower,
        observe: Observer,
    ) -> None:
        self._calls, self._submit, self._retries, self._parallel = calls, submit, retries, parallel
        self._follower, self._observe = follower, observe
        follower.look()
        self._queue = deque(follower.waiting)
        self._open: dict[str, Job] = {}
        self._tries: Counter[str] = Counter()
        self._unseen: dict[str, tuple[Done, float]] = {}

    def finish(self) -> None:
        """Return when every run has its record or was given up, and no call is left.

        Raises:
            MannBenchError: Ray is gone, or a call met with something that the user has to mend.
        """
        while self._follower.waiting or self._open:
            full = self._fill()
            # Asked before the records: what a call wrote before it was over is seen then.
            endings = list(self._hear(_PAUSE_SECONDS if full else 0.0))
            self._follower.look()
            waiting = {job.run.key: job for job in self._follower.waiting}
            for ending in endings:
                if ending.key in waiting:
                    self._answer(waiting[ending.key], ending)
            self._give_up(waiting)

    def _fill(self) -> bool:
        """Give Ray what it may have; return whether it has that."""
        for _ in range(_MOST_SUBMITTED):
            if not self._queue or len(self._open) >= self._parallel:
                return True
            job = self._queue.popleft()
            self._open[job.run.key] = job
            self._tries[job.run.key] += 1
            self._submit(job)
        return False

    def _hear(self, seconds: float) -> Iterator[Ending]:
        for message in self._calls.messages(seconds):
            if isinstance(message, Done | Lost | Raised):
                self._open.pop(message.key, None)
                yield message
            elif isinstance(message, Remark) and self._follower.waiting:
                self._observe(Notice(self._follower.waiting[0].run.key, message.text))

    def _answer(self, job: Job, ending: Ending) -> None:
        """Answer the end of a call whose run has no record yet."""
        match ending:
            case Done(key):
                self._unseen[key] = ending, time.monotonic()
            case Raised(error=MannBenchError() as error):
                raise error
            case Raised(reason=reason):
                self._follower.lost(job, f"its Ray task ended with {reason}")
            case Lost(reason=reason):
                self._begin_again(job, reason)

    def _begin_again(self, job: Job, reason: str) -> None:
        tries = self._tries[job.run.key]
        if tries > self._retries:
            self._follower.lost(job, f"{reason}. That was the last of {tries} {'try' if tries == 1 else 'tries'}.")
            return
        text = f"Ray: {reason}. The run goes on from its last checkpoint, retry {tries} of {self._retries}."
        self._observe(Notice(job.run.key, text))
        self._queue.appendleft(job)

    def _give_up(self, waiting: dict[str, Job]) -> None:
        """Give up the runs whose calls ended so long ago that their records will not appear any more."""
        for key, (done, since) in list(self._unseen.items()):
            if key not in waiting:
                del self._unseen[key]
            elif time.monotonic() - since >= _SETTLE_SECONDS:
                del self._unseen[key]
                job = waiting[key]
                problem = (
                    f"its Ray task on node {done.node} ended, but no record is to be seen in {job.out}. That folder "
                    "must be one that all nodes share: choose one with --out."
                )
                self._follower.lost(job, problem)
