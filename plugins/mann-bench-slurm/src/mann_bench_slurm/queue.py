"""What SLURM's own programs tell and do about a user's jobs."""

import os
import subprocess
from collections.abc import Iterable
from typing import NamedTuple


class QueuedJob(NamedTuple):
    """A job that waits or runs.

    Attributes:
        name: as it was submitted.
        state: SLURM's word, such as ``PENDING`` or ``RUNNING``.
        reason: why it waits; ``None`` in SLURM's words where it runs.
    """

    name: str
    state: str
    reason: str

    @property
    def waits(self) -> bool:
        """Whether it has not begun."""
        return self.state == "PENDING"

    @property
    def held(self) -> bool:
        """Whether it will wait until someone releases it."""
        return self.waits and "held" in self.reason.lower()


def queued_jobs() -> dict[str, QueuedJob] | None:
    """Return this user's jobs that wait or run, each member of an array by itself, by id; None where SLURM is silent.

    It asks squeue, not sacct: that answers where no accounting is kept, too.
    """
    command = ["squeue", "--noheader", "--array", f"--user={os.getuid()}", "--format=%i|%T|%r|%j"]
    try:
        text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    except (subprocess.SubprocessError, OSError):
        return None
    rows = [line.split("|", 3) for line in text.splitlines()]
    return {row[0].strip(): QueuedJob(row[3], row[1], row[2]) for row in rows if len(row) == 4}


def cancel(ids: Iterable[str]) -> None:
    """Cancel jobs; those that are over stay so."""
    subprocess.run(["scancel", *ids], check=False, capture_output=True)
