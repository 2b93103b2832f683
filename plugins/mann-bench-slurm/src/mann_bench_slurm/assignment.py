"""A run that is to be done, and how both sides of the cluster tell that it is."""

from pathlib import Path
from typing import NamedTuple

from mann_bench import Job

RECORD_NAME = "record.json"


class Assignment(NamedTuple):
    """A run to be done.

    Attributes:
        job: the run, and where its record goes.
        before: when the record was written that the run had when it was asked for, in nanoseconds: it failed, or is
            to be done afresh. None where it had none.
    """

    job: Job
    before: int | None

    @classmethod
    def of(cls, job: Job) -> "Assignment":
        """Return the assignment to do `job` whatever record stands now."""
        job = job._replace(out=job.out.absolute())
        return cls(job, _written(job.out / job.run.key))

    @property
    def key(self) -> str:
        """The run's key."""
        return self.job.run.key

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.job.out / self.key

    def done(self) -> bool:
        """Return whether the run has a record that it had not when it was asked for."""
        return _written(self.folder) not in (None, self.before)


def _written(folder: Path) -> int | None:
    """Return when the record in a run's folder was written, or None where there is none."""
    try:
        return (folder / RECORD_NAME).stat().st_mtime_ns
    except FileNotFoundError:
        return None
