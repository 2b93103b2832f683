"""Execute one run where it stands: train, measure, write its record."""

import contextlib
import functools
import time
import traceback
from pathlib import Path

import pydantic
import torch

from mann_bench.core.errors import StoreError
from mann_bench.core.events import Busy, Event, Finished, Notice, Observer, Started
from mann_bench.core.global_settings import run_settings, settings_text
from mann_bench.core.jobs import Job
from mann_bench.core.process_state import ProcessState
from mann_bench.core.turns import GENERATORS
from mann_bench.execution.arithmetic import provenance_here
from mann_bench.execution.mending import mend_held
from mann_bench.execution.ram import peak_ram, reset_peak_ram
from mann_bench.execution.recording import check_result, no_result, record_of
from mann_bench.results import schema
from mann_bench.results.locks import LockLostError, Locks, RunLock
from mann_bench.results.store import Store, UnfitRecordError, digest
from mann_bench.training.checkpoint import Checkpoints
from mann_bench.training.interruption import sigterm_interrupts
from mann_bench.training.result import TrainingResult
from mann_bench.training.trainer import train
from mann_bench.training.weights import UnsavableWeightsError, weights_bytes

_LONGEST_TRACEBACK = 100_000
"""Characters of a traceback that are kept, its end: a message may hold a tensor of millions of numbers."""

_LOOK_SECONDS = 1.0
"""Time between two looks at a run that another process does."""


def execute_job(job: Job, observe: Observer, patient: bool = False) -> bool:
    """Execute a run, from its last checkpoint on, and write its record, whatever its outcome.

    Threads of one process do their runs one after another.
    Of several processes one does a run, by its lock (`mann_bench.results.locks`). Another one tells `Busy`; where it is
    patient, it then waits for the record, or does the run where that process dies. Either way, where a record answers
    the run by the time that the lock is free, nothing is trained, and `Finished` is told at once.

    Returns: whether the run is over; only False where another process does it, and this one is not `patient`.

    Raises:
        StoreError: the run could not be locked, its record not be written, or the checkpoints of a fresh one not be
            removed.
        KeyboardInterrupt: the user or the system (SIGTERM) stopped it; there is a checkpoint then, but no record.
    """
    locks = Locks(Store(job.out).folder(job.run.key))
    told: str | None = None
    answered = not job.fresh
    with sigterm_interrupts():
        while True:
            with GENERATORS, run_settings(job.threads):
                taken = locks.take()
                if isinstance(taken, RunLock):
                    with contextlib.suppress(LockLostError), taken:
                        _execute(job, observe, taken, answered)
                        return True
            if not isinstance(taken, RunLock):
                if told != taken.text:
                    observe(Busy(job.run.key, told := taken.text))
                if not patient:
                    return False
                time.sleep(_LOOK_SECONDS)
            answered = True  # by the record of the process that was at it, however fresh it is to be


def _execute(job: Job, observe: Observer, lock: RunLock, answered: bool) -> None:
    """Do a run as long as its lock is held; where it may be `answered` by a record that is there, tell that instead."""
    store = Store(job.out)
    found = mend_held(store, job.run.key)
    if answered and found:
        observe(Finished(job.run.key, found.outcome, store.folder(job.run.key)))
        return
    checkpoints = Checkpoints(store.folder(job.run.key), job.checkpoint_every)
    if job.fresh:
        _remove(checkpoints)
    observe(Started(job.run))
    reset_peak_ram(job.device)
    before = ProcessState.now()

    def tell(event: Event) -> None:
        lock.check()
        observe(event)

    try:
        judge = functools.partial(check_result, job.run)
        result, error = train(job.run, job.device, job.backend, tell, checkpoints, judge), None
    except (ConnectionError, LockLostError):
        raise  # nobody listens any more, or another process does it: that is not the model's failure
    except Exception:
        result, error = no_result(), traceback.format_exc()[-_LONGEST_TRACEBACK:]
    lock.confirm()
    record, folder = _write(store, job, result, error)
    if changed := before.restore():
        observe(Notice(job.run.key, f"{job.run.model.text} on {job.run.task.text} changed {', '.join(changed)}."))
    with contextlib.suppress(OSError):  # beside a record they do no harm
        checkpoints.remove()
    observe(Finished(job.run.key, record.outcome, folder))


def _write(store: Store, job: Job, result: TrainingResult, error: str | None) -> tuple[schema.Record, Path]:
    """Write a run's record and weights; where they cannot be kept, the record of a failed run that says why."""
    try:
        weights = weights_bytes(result.weights) if result.weights else None
        record = _record(job, result, error, weights)
        return record, store.write(record, weights)
    except (UnsavableWeightsError, UnfitRecordError, pydantic.ValidationError) as problem:
        record = _record(job, no_result(), f"what was trained cannot be kept: {problem}", None)
        return record, store.write(record, None)


def _remove(checkpoints: Checkpoints) -> None:
    try:
        checkpoints.remove()
    except OSError as error:
        raise StoreError(
            f"{checkpoints.folder}: its checkpoints cannot be removed: {error.strerror}. Remove them, then give the "
            "same command again."
        ) from error


def _record(job: Job, result: TrainingResult, error: str | None, weights: bytes | None) -> schema.Record:
    ran_on = provenance_here(job.device, result.backend, torch.get_num_threads(), settings_text())
    sha256 = None if weights is None else digest(weights)
    return record_of(job.run, result, ran_on, error=error, weights_sha256=sha256, peak_ram=peak_ram(job.device))
