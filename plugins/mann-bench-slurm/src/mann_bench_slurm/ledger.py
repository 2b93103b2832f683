"""Which SLURM job was given which runs, on disk, so that a later command finds the jobs of an earlier one."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mann_bench_slurm.assignment import Assignment
from mann_bench_slurm.queue import QueuedJob

_MOST_BYTES = 64 * 2**20


class Submitted(NamedTuple):
    """A SLURM job and the runs that it was given."""

    id: str
    assignments: Sequence[Assignment]


class Ledger:
    """One small JSON file for each array that was submitted, in a folder beside the runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def enter(self, name: str, jobs: Sequence[Submitted]) -> None:
        """Note jobs that were submitted under one name."""
        given = {job.id: {a.key: a.before for a in job.assignments} for job in jobs}
        path = self.folder / f"{name}.json"
        temporary = path.with_name(f".{name}.{secrets.token_hex(4)}.tmp")
        temporary.write_text(json.dumps({"name": name, "jobs": given}), encoding="utf-8")
        temporary.replace(path)

    def alive(self, wanted: Mapping[str, Assignment], queue: Mapping[str, QueuedJob]) -> list[Submitted]:
        """Return the jobs in the queue that will still do a wanted run, with these runs, each run once."""
        left, jobs = dict(wanted), []
        for name, given in self._entries():
            for job_id, before in given.items():
                if job_id not in queue or queue[job_id].name != name or not isinstance(before, dict):
                    continue
                theirs = [left[key]._replace(before=stamp) for key, stamp in before.items() if key in left]
                theirs = [assignment for assignment in theirs if not assignment.done()]
                for assignment in theirs:
                    del left[assignment.key]
                if theirs:
                    jobs.append(Submitted(job_id, theirs))
        return jobs

    def _entries(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """Yield what the files tell; one that cannot be read tells nothing, and costs at most a job too many."""
        for path in sorted(self.folder.glob("*.json")):
            try:
                if path.stat().st_size > _MOST_BYTES:
                    continue
                entry = json.loads(path.read_bytes())
                yield str(entry["name"]), dict(entry["jobs"])
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                continue
