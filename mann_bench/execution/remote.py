"""Follow jobs that are done where this process only sees their folders.

The far side calls `mann_bench.execute_job` and writes what it writes anyway: a lock while it is at a run, checkpoints,
the record. From these names the near side tells which runs are being done and how far they are; a record that appears
is told as the events that made it. So there is no second account of a run that could be lost, be cut short or disagree
with its record, nothing has to listen on a network, and who comes back after a break sees the whole of every run.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mann_bench.core.errors import StoreError
from mann_bench.core.events import (
    Evaluated,
    Event,
    Finished,
    Observer,
    Probed,
    Progress,
    SizeScores,
    Started,
)
from mann_bench.core.jobs import Job
from mann_bench.core.runs import Outcome, Run
from mann_bench.results.schema import CurveRow, ProbeRow, Record
from mann_bench.results.store import RECORD_NAME, Store

_LOCK = re.compile(r"lock-[0-9]+")
_CHECKPOINT = re.compile(r"checkpoint-([0-9]+)\.pt")


class Follower:
    """Tells an observer what happens to jobs, by looking into their folders.

    An executor calls `look` every few seconds until nothing is `waiting`, and `lost` for a job whose process it knows
    to be gone for good. On a network file system a record may become visible some seconds after its process ended:
    look again for that long before a job is called lost.

    Args:
        jobs: what is being done. What has a record that answers it already counts as done at the first look.
        observe: is told `Started` when a job's lock appears, `Progress` by its checkpoints, and all the rest when its
            record does.
    """

    def __init__(self, jobs: Sequence[Job], observe: Observer) -> None:
        self._observe = observe
        self._jobs = {job.run.key: job for job in jobs}
        self._before = {job.run.key: _unanswering(job) for job in jobs}
        self._steps: dict[str, int] = {}

    @property
    def waiting(self) -> list[Job]:
        """The jobs that are not over."""
        return list(self._jobs.values())

    @property
    def running(self) -> list[Job]:
        """Those of them that were seen to be started."""
        return [self._jobs[key] for key in self._steps]

    def look(self) -> None:
        """Tell what has happened since the last look."""
        for job in self.waiting:
            names = _names(_folder(job))
            if RECORD_NAME in names and _version(_folder(job)) != self._before[job.run.key]:
                self._finish(job)
            elif any(_LOCK.fullmatch(name) for name in names):
                self._advance(
                    job, max((int(found[1]) for found in map(_CHECKPOINT.fullmatch, names) if found), default=0)
                )

    def lost(self, job: Job, problem: str) -> None:
        """End a job that will have no record, and say why."""
        self._forget(job)
        self._observe(Finished(job.run.key, Outcome.FAILED, None, problem))

    def _advance(self, job: Job, step: int) -> None:
        self._start(job)
        if step > self._steps[job.run.key]:
            self._steps[job.run.key] = step
            self._observe(Progress(job.run.key, step, job.run.protocol.max_steps))

    def _finish(self, job: Job) -> None:
        try:
            record = Store(job.out).find(job.run.key)
        except StoreError as error:
            self.lost(job, str(error))
            return
        if record is None:  # it was set aside just now
            return
        self._start(job)
        self._forget(job)
        for event in replay(job.run, record, _folder(job)):
            self._observe(event)

    def _start(self, job: Job) -> None:
        if job.run.key not in self._steps:
            self._steps[job.run.key] = 0
            self._observe(Started(job.run))

    def _forget(self, job: Job) -> None:
        del self._jobs[job.run.key]
        self._steps.pop(job.run.key, None)


def replay(run: Run, record: Record, folder: Path) -> Iterator[Event]:
    """Yield what a run that left `record` in `folder` told after it had started."""
    measured: list[CurveRow | ProbeRow] = [*record.curve, *record.probe]
    for row in sorted(measured, key=lambda row: row.step):
        if isinstance(row, CurveRow):
            yield Evaluated(run.key, row.point())
        else:
            yield Probed(run.key, row.step, [SizeScores(**dict(each)) for each in row.rows])
    yield Progress(run.key, record.steps, record.steps)
    yield Finished(run.key, record.outcome, folder)


class _Version(NamedTuple):
    """What tells a record from the one that replaces it."""

    inode: int
    modified: int
    size: int


def _unanswering(job: Job) -> _Version | None:
    """Return the version of a record that is there and does not answer the job, or None."""
    version = _version(_folder(job))
    if version is not None and not job.fresh:
        with contextlib.suppress(StoreError):
            record = Store(job.out).find(job.run.key)
            return version if record is not None and record.outcome is Outcome.FAILED else None
    return version


def _version(folder: Path) -> _Version | None:
    try:
        status = (folder / RECORD_NAME).lstat()
    except OSError:
        return None
    return _Version(status.st_ino, status.st_mtime_ns, status.st_size)


def _names(folder: Path) -> list[str]:
    with contextlib.suppress(OSError):  # not begun, or not visible yet
        return [entry.name for entry in folder.iterdir()]
    return []


def _folder(job: Job) -> Path:
    return Store(job.out).folder(job.run.key)
