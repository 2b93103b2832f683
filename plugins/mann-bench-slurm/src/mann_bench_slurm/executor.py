"""The executor: runs become job arrays, which submitit writes, submits and requeues."""

import contextlib
import shutil
from collections.abc import Sequence
from typing import Any

from mann_bench import Executor, Follower, Job, MannBenchError, Notice, Observer
from mann_bench_slurm.assignment import Assignment
from mann_bench_slurm.following import Following
from mann_bench_slurm.ledger import Ledger
from mann_bench_slurm.queue import QueuedJob, cancel, queued_jobs
from mann_bench_slurm.submission import Submission, batches

FOLDER = "slurm"
"""Where submissions and logs lie, in the folder of the records."""


class SlurmExecutor(Executor):
    """Jobs of a SLURM cluster whose nodes share the folder of the records.

    Options of sbatch that are not here can be given by its environment variables, such as ``SBATCH_ACCOUNT``.

    Args:
        partition: where the jobs run; by default the cluster's choice.
        timeout_minutes: time limit of a job, 1 or more. One that reaches it saves what it does and is requeued.
        runs_per_job: how many runs a job does, one after the other, 1 or more.
        array_parallelism: how many jobs of an array run at a time, at most; 1 or more.
        cpus_per_task: cores of a job; by default as many as its runs have threads.
        gpus_per_node: GPUs of a job, for runs with ``--device cuda``.
        mem_gb: memory of a job in GiB; by default the cluster's choice.
        setup: shell command that a job executes first, such as ``module load python``; it cannot hold a comma.
        margin_seconds: how long before its time limit a job is told to end, from 0 to below that limit.
        timeouts: how often a job is requeued that reached its time limit, 0 or more.
        retries: how often a run is submitted again whose job ended without its record, 0 or more.
        cancel: whether Ctrl-C cancels the jobs; they go on otherwise, and the same command follows them again.
    """

    def __init__(
        self,
        *,
        partition: str | None = None,
        timeout_minutes: int = 60,
        runs_per_job: int = 1,
        array_parallelism: int = 256,
        cpus_per_task: int | None = None,
        gpus_per_node: int = 0,
        mem_gb: float | None = None,
        setup: str | None = None,
        margin_seconds: int = 90,
        timeouts: int = 100,
        retries: int = 2,
        cancel: bool = False,
    ) -> None:
        for option, value, least in [
            ("timeout_minutes", timeout_minutes, 1),
            ("runs_per_job", runs_per_job, 1),
            ("array_parallelism", array_parallelism, 1),
            ("timeouts", timeouts, 0),
            ("retries", retries, 0),
        ]:
            if value < least:
                raise ValueError(f"{option} must be at least {least}, not {value}")
        if not 0 <= margin_seconds < 60 * timeout_minutes:
            raise ValueError(f"margin_seconds must be at least 0 and less than the time limit, not {margin_seconds}")
        self._runs_per_job, self._cpus = runs_per_job, cpus_per_task
        self._timeouts, self._retries, self._cancel = timeouts, retries, cancel
        self._parameters: dict[str, Any] = {
            "timeout_min": timeout_minutes,
            "slurm_array_parallelism": array_parallelism,
            "slurm_signal_delay_s": margin_seconds,
            "slurm_additional_parameters": {"requeue": True},
        }
        optional = {
            "slurm_partition": partition,
            "mem_gb": mem_gb,
            "gpus_per_node": gpus_per_node or None,
            "slurm_setup": [setup] if setup else None,
        }
        self._parameters |= {name: value for name, value in optional.items() if value is not None}

    def execute(self, jobs: Sequence[Job], observe: Observer) -> None:
        """Have all jobs done by the cluster; raises MannBenchError where there is none, or it refuses them."""
        if not jobs:
            return
        queue = _queue()
        ledger = Ledger(jobs[0].out.absolute() / FOLDER)
        wanted = {job.run.key: Assignment.of(job) for job in jobs}
        parameters = self._parameters | {"cpus_per_task": self._cpus or jobs[0].threads}
        follower = Follower([assignment.job for assignment in wanted.values()], observe)
        following = Following(Submission(ledger, self._timeouts, parameters), self._retries, follower, observe)
        found = ledger.alive(wanted, queue)
        following.follow(found)
        theirs = {assignment.key for job in found for assignment in job.assignments}
        if found:
            text = f"{len(found)} SLURM jobs of an earlier command do {len(theirs)} of the runs."
            observe(Notice(jobs[0].run.key, text))
        try:
            mine = [assignment for key, assignment in wanted.items() if key not in theirs]
            following.ask(batches(mine, self._runs_per_job))
            following.finish()
        except BaseException:
            with contextlib.suppress(Exception):  # who observes may be what failed
                self._leave(following, jobs[0].run.key, observe)
            raise

    def _leave(self, following: Following, key: str, observe: Observer) -> None:
        """Cancel the jobs or say that they go on."""
        left = following.jobs
        if self._cancel:
            cancel(left)
            observe(Notice(key, f"{len(left)} SLURM jobs cancelled."))
        elif left:
            text = f"{len(left)} SLURM jobs go on. The same command follows them again; scancel ends them."
            observe(Notice(key, text))


def _queue() -> dict[str, QueuedJob]:
    """Return the user's jobs; raises MannBenchError where this machine has no access to SLURM."""
    missing = [program for program in ("sbatch", "squeue", "srun") if shutil.which(program) is None]
    queue = None if missing else queued_jobs()
    if queue is None:
        what = f"{', '.join(missing)} not found" if missing else "squeue gets no answer"
        raise MannBenchError(f"executor slurm: {what}. Give the command on a machine where squeue shows the queue.")
    return queue
