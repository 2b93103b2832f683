"""The executor: every run becomes one remote call, which Ray's own words name a task."""

import contextlib
import math
import pickle
import re
from collections.abc import Sequence
from pathlib import Path

from mann_bench import Executor, Follower, Job, MannBenchError, Notice, Observer
from mann_bench_ray.following import Following
from mann_bench_ray.messages import Work
from mann_bench_ray.process import RayProcess

_ADDRESS = re.compile(r"auto|[^/\s]+:[0-9]{1,5}")


class RayExecutor(Executor):
    """A Ray cluster whose nodes share the folder of the records, or a Ray on this machine.

    When `execute` is left early, running calls are stopped, each with a checkpoint.

    Args:
        address: the cluster's, ``auto`` on one of its nodes or ``HOST:PORT``; by default a Ray is started on this
            machine, and stopped in the end.
        cpus: cores that a run reserves, above 0; by default as many as it has threads.
        gpus: GPUs that a run reserves, a whole number or a share of one; by default 1 with ``--device cuda``, else 0.
        retries: how often a run is begun again, from its last checkpoint, whose worker process or node was lost;
            0 or more.
        parallel: how many runs execute at a time, at most, 1 or more; by default as many as the nodes have room for.
    """

    def __init__(
        self,
        *,
        address: str | None = None,
        cpus: float | None = None,
        gpus: float | None = None,
        retries: int = 3,
        parallel: int | None = None,
    ) -> None:
        if address is not None and not _ADDRESS.fullmatch(address):
            raise ValueError(f"address must be auto or HOST:PORT, not {address}")
        if cpus is not None and cpus <= 0:
            raise ValueError(f"cpus must be more than 0, not {cpus:g}")
        if gpus is not None and (gpus < 0 or (gpus > 1 and gpus % 1)):
            raise ValueError(f"gpus must be a share of one, as 0.25, or a whole number, not {gpus:g}")
        if retries < 0:
            raise ValueError(f"retries must be at least 0, not {retries}")
        if parallel is not None and parallel < 1:
            raise ValueError(f"parallel must be at least 1, not {parallel}")
        self._address, self._cpus, self._gpus = address, cpus, gpus
        self._retries, self._parallel = retries, parallel

    def execute(self, jobs: Sequence[Job], observe: Observer) -> None:
        """Have all jobs done by Ray; raises MannBenchError where there is none, or no node is fit for them."""
        if not jobs:
            return
        jobs = [job._replace(out=job.out.absolute()) for job in jobs]
        works = {job.run.key: self._work(job) for job in jobs}
        for folder in {job.out for job in jobs}:
            _make(folder)
        follower = Follower(jobs, observe)
        with RayProcess(self._address) as process:
            following = Following(
                process,
                lambda job: process.submit(works[job.run.key]),
                self._retries,
                self._parallel or math.inf,
                follower,
                observe,
            )
            try:
                following.finish()
            except KeyboardInterrupt:
                text = "Ray: runs that train save a checkpoint before this ends. Ctrl-C ends it without."
                with contextlib.suppress(Exception):  # who observes may be what failed
                    observe(Notice(jobs[0].run.key, text))
                raise

    def _work(self, job: Job) -> Work:
        """Return what is to be done for a job, with what it reserves."""
        gpus = self._gpus if self._gpus is not None else float(job.device == "cuda")
        if job.device == "cuda" and not gpus:
            raise MannBenchError("executor ray: gpus=0 leaves --device cuda without a GPU. Leave gpus out.")
        return Work(job.run.key, job.run.text, pickle.dumps(job), self._cpus or float(job.threads), gpus)


def _make(folder: Path) -> None:
    """Make the folder of the records, so that a node that does not share it can tell; raises MannBenchError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"the folder {folder} cannot be made: {error.strerror}. Choose another with --out."
        raise MannBenchError(text) from error
