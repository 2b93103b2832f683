"""Execute jobs on this machine: in this process, or in worker processes, each with its own threads."""

import contextlib
import gc
import os
import signal
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from mann_bench.core.errors import MannBenchError, StoreError
from mann_bench.core.events import Event, Finished, Observer
from mann_bench.core.foreign_code import stdout_apart
from mann_bench.core.jobs import Job
from mann_bench.core.machine import usable_cores
from mann_bench.core.plugin_code import OWN_DISTRIBUTION
from mann_bench.core.runs import Outcome, Run
from mann_bench.execution.executor import Executor
from mann_bench.execution.processes import ctrl_c_blocked, without_script, worker_context
from mann_bench.execution.worker import execute_job

_IDLE = "idle"
_MOST_FAILED_STARTS = 3
_PAUSE = 0.2
"""Seconds from a failed start to the next one."""


class LocalExecutor(Executor):
    """Processes of this machine.

    A run whose worker dies is reported as failed without a record, and its successors get a new worker. When
    `execute` is left early, by Ctrl-C or because a record could not be written, running jobs are stopped, each with
    a checkpoint; finished runs keep their records.

    Args:
        jobs: the most worker processes, 1 or more; 1 does all in this one. By default one a core, or one in all where
            runs share a GPU.
    """

    def __init__(self, *, jobs: int | None = None) -> None:
        if jobs is not None and jobs < 1:
            raise ValueError(f"jobs must be at least 1, not {jobs}")
        self.jobs = jobs

    def execute(self, jobs: Sequence[Job], observe: Observer) -> None:
        """Do all jobs, here or in workers; raises MannBenchError where no worker process starts."""
        workers = min(self.jobs or min(map(_default_workers, jobs), default=1), len(jobs))
        if workers <= 1:
            try:
                # What another process does is waited for at the end.
                busy = [job for job in jobs if not execute_job(job, observe)]
                for job in busy:
                    execute_job(job, observe, patient=True)
            finally:
                gc.unfreeze()  # what training froze is the caller's
        else:
            with contextlib.closing(_Workers(workers, jobs)) as pool:
                pool.run(observe)


def default_workers(device: str, threads: int) -> int:
    """Return how many worker processes to use by default: one for every `threads` cores; one alone on a GPU."""
    if device == "cuda":
        return 1
    return max(1, usable_cores() // threads)


def _default_workers(job: Job) -> int:
    return default_workers(job.device, job.threads)


class _Order(NamedTuple):
    """A job as a worker gets it, and whether it is waited for where a process of somebody else does it."""

    job: Job
    patient: bool = False


class _Origin(NamedTuple):
    """Whose code a run is done by: the distribution of its model, and all of third parties."""

    model: str
    third_parties: frozenset[str]

    @classmethod
    def of(cls, run: Run) -> "_Origin":
        parts = (run.model, run.task, *([run.syllabus] if run.syllabus else []))
        return cls(run.model.distribution, frozenset(part.distribution for part in parts) - {OWN_DISTRIBUTION})


class _Workers:
    """Worker processes, each fed one job at a time through its pipe.

    One that ran a third party's code goes on with no other one's models: nobody knows what it left behind there.
    """

    def __init__(self, count: int, jobs: Sequence[Job]) -> None:
        self._context = worker_context({job.device for job in jobs})
        self._waiting = deque(_Order(job) for job in jobs)
        self._processes: dict[Connection, BaseProcess] = {}
        self._current: dict[Connection, _Order] = {}
        self._origins: dict[Connection, _Origin] = {}
        self._failed_starts = 0
        alone = all(job.threads == 1 for job in jobs)
        self._cores: list[int | None] = _cores(count) if alone else [None] * count
        self._core_of: dict[Connection, int | None] = {}
        self._count = count

    def run(self, observe: Observer) -> None:
        for _ in range(self._count):
            self._start()
        while self._processes:
            for pipe in wait(list(self._processes)):
                assert isinstance(pipe, Connection)
                try:
                    message: Event | StoreError | str = pipe.recv()
                except (EOFError, OSError):
                    self._bury(pipe, observe)
                    continue
                if isinstance(message, StoreError):
                    raise message
                if message == _IDLE:
                    self._feed(pipe)
                else:
                    assert not isinstance(message, str)
                    if isinstance(message, Finished):
                        del self._current[pipe]
                    observe(message)

    def close(self) -> None:
        """Stop all workers; each makes a checkpoint first, and nobody listens to what it still has to say."""
        for process in self._processes.values():
            process.terminate()
        for pipe, process in self._processes.items():
            with contextlib.suppress(EOFError, OSError):
                while True:  # a worker would wait for room in a pipe that nobody reads
                    pipe.recv_bytes()
            process.join()
            pipe.close()
        self._processes.clear()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        core = self._cores.pop()
        process = self._context.Process(target=_serve, args=(theirs, core, dict(os.environ)), daemon=True)
        try:
            with ctrl_c_blocked(), without_script():  # a worker inherits this, from its first instruction on
                process.start()
        except (EOFError, OSError) as error:  # there is no memory, or the server that forks workers died
            ours.close()
            theirs.close()
            self._cores.append(core)
            self._count_failed_start(str(error))
            self._start()
            return
        theirs.close()
        self._processes[ours], self._core_of[ours] = process, core

    def _count_failed_start(self, reason: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= _MOST_FAILED_STARTS:
            raise MannBenchError(f"worker processes do not start ({reason}). Try --jobs 1.")
        time.sleep(_PAUSE)  # a server that was killed just now may still seem to be there

    def _feed(self, pipe: Connection) -> None:
        if order := self._current.pop(pipe, None):
            self._waiting.append(order._replace(patient=True))  # another process does it: the others come first
        if order := self._next_for(pipe):
            self._failed_starts = 0
            self._current[pipe] = order
            with contextlib.suppress(OSError):  # a worker that just died is buried when its pipe is read
                pipe.send(order)
        else:
            self._retire(pipe)
            if self._waiting:
                self._start()

    def _next_for(self, pipe: Connection) -> _Order | None:
        """Return the next job that a worker may do; None where there is none."""
        before = self._origins.get(pipe)
        for order in self._waiting:
            origin = _Origin.of(order.job.run)
            if before is None or not before.third_parties or origin == before:
                self._waiting.remove(order)
                self._origins[pipe] = origin
                return order
        return None

    def _bury(self, pipe: Connection, observe: Observer) -> None:
        """Report the job of a worker that died and replace the worker."""
        code = self._retire(pipe)
        order = self._current.pop(pipe, None)
        if order is not None:
            hint = " (often a lack of memory: try fewer --jobs)" if code == -9 else ""
            problem = f"its worker process died with exit code {code}{hint}"
            observe(Finished(order.job.run.key, Outcome.FAILED, None, problem))
        else:
            self._count_failed_start(f"exit code {code}")
        if self._waiting:
            self._start()

    def _retire(self, pipe: Connection) -> int | None:
        process = self._processes.pop(pipe)
        self._origins.pop(pipe, None)
        self._cores.append(self._core_of.pop(pipe))
        pipe.close()
        process.join()
        return process.exitcode


def _cores(workers: int) -> list[int | None]:
    """Return the core for each worker: one each where they fill the machine, else None, the system's choice."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
    return list(usable) if len(usable) == workers else [None] * workers


def _serve(pipe: Connection, core: int | None, environment: dict[str, str]) -> None:
    """Execute the jobs that come through `pipe` until it closes or the parent ends this process.

    The server of workers may have begun in another environment than that of the parent now.

    Ctrl-C is the parent's to answer. It ends its workers by SIGTERM, which makes a run that trains leave a
    checkpoint, and unwinds everything else, so that no temporary file is left.
    """
    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt), stdout_apart():
        signal.signal(signal.SIGTERM, _unwind)
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
        if core is not None:
            os.sched_setaffinity(0, {core})
        while True:
            pipe.send(_IDLE)
            order: _Order = pipe.recv()
            try:
                execute_job(order.job, pipe.send, order.patient)
            except StoreError as error:
                pipe.send(error)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is left to unwind but Python's own shutdown


def _unwind(signum: int, _: object) -> None:
    raise KeyboardInterrupt
