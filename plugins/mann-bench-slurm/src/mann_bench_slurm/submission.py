"""How runs become SLURM jobs, and where the files of these lie."""

import contextlib
import os
import re
import secrets
from collections.abc import Sequence
from typing import Any, TypeVar

import submitit
from submitit.core.utils import JobPaths

from mann_bench import MannBenchError
from mann_bench_slurm.assignment import Assignment
from mann_bench_slurm.group import Group
from mann_bench_slurm.ledger import Ledger, Submitted

Item = TypeVar("Item")

# SLURM's default for MaxArraySize is 1001.
_LARGEST_ARRAY = 1000

_TAIL_BYTES = 4096


class Submission:
    """Submits groups of runs as job arrays.

    Args:
        ledger: gets to know which job was given which runs; its folder holds all files of the jobs.
        timeouts: how often submitit requeues a job that reached its time limit.
        parameters: submitit's.
    """

    def __init__(self, ledger: Ledger, timeouts: int, parameters: dict[str, Any]) -> None:
        self._ledger, self._timeouts, self._parameters = ledger, timeouts, parameters

    def submit(self, groups: Sequence[Sequence[Assignment]]) -> list[Submitted]:
        """Submit each group as a job; raises MannBenchError with what SLURM or the file system says."""
        submitted = []
        for array in batches(groups, _LARGEST_ARRAY):
            name = f"mann-bench-{secrets.token_hex(4)}"
            try:
                self._ledger.folder.mkdir(parents=True, exist_ok=True)
                jobs = [Submitted(*pair) for pair in zip(self._array(name, array), array, strict=True)]
                self._ledger.enter(name, jobs)
            except OSError as error:
                raise MannBenchError(
                    f"jobs cannot be written to {self._ledger.folder}: {error.strerror}. Make room or choose another "
                    "folder with --out, then give the same command again."
                ) from error
            submitted += jobs
        return submitted

    def last_words(self, job_id: str) -> str:
        """Return what a job's log ends with, for people."""
        path = JobPaths(self._ledger.folder, job_id, 0).stderr
        lines: list[str] = []
        with contextlib.suppress(OSError), path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
        own = [line for line in lines if not line.startswith("srun:")] or lines  # srun only repeats that it ended
        return f"Its log {path} ends: {own[-1]}" if own else f"It left no words in {path}."

    def _array(self, name: str, groups: Sequence[Sequence[Assignment]]) -> list[str]:
        """Submit groups as one array; return the ids of the jobs in it."""
        executor = submitit.AutoExecutor(self._ledger.folder, cluster="slurm", slurm_max_num_timeout=self._timeouts)
        executor.update_parameters(name=name, **self._parameters)
        try:
            jobs = executor.map_array(Group(), groups)
        except RuntimeError as error:  # what submitit makes of sbatch's refusal
            said = re.search(r"error: (.*)", str(error))
            reason = said.group(1) if said else str(error)
            raise MannBenchError(f"SLURM takes no jobs: {reason}. Check the options of --executor slurm.") from error
        return [job.job_id for job in jobs]


def batches(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Return the items in order, `size` at a time."""
    return [items[start : start + size] for start in range(0, len(items), size)]
