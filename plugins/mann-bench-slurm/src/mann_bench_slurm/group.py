"""What one SLURM job does: some runs, one after the other, until they are done or the job has to make room."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from submitit import JobEnvironment
from submitit.core.utils import DelayedSubmission

from mann_bench import Busy, Event, Finished, Notice, Started, execute_job
from mann_bench_slurm.assignment import Assignment


class Group:
    """Does the runs of one SLURM job; submitit submits and requeues it.

    SLURM's warning that time is up, or that the job is preempted, ends the run in progress as Ctrl-C does: at the end
    of its turn it saves a checkpoint. Only then, and not while a signal is handled, submitit gets to requeue the job.
    """

    def __call__(self, assignments: Sequence[Assignment]) -> None:
        """Do all runs that are not done; first those that nobody else is doing, then wait for the others.

        Raises:
            StoreError: a record could not be written.
            SystemExit: the job has to make room. It is requeued where SLURM warned it, else its end is SLURM's matter.
        """
        warning = getattr(signal, f"SIG{JobEnvironment.USR_SIG}")
        requeue = signal.getsignal(warning)
        warned: list[int] = []
        with _ended_by_signals(warning, warned):
            try:
                for patient in (False, True):
                    for assignment in assignments:
                        if not assignment.done():
                            execute_job(assignment.job, _log, patient=patient)
            except KeyboardInterrupt:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)  # SLURM sends it while it requeues
                if warned and callable(requeue):
                    requeue(warning, None)
                sys.exit("This job was told to end. What it began has a checkpoint.")

    def checkpoint(self, assignments: Sequence[Assignment]) -> DelayedSubmission:
        """Return what is left to do; submitit calls this to requeue the job."""
        return DelayedSubmission(self, [assignment for assignment in assignments if not assignment.done()])


@contextmanager
def _ended_by_signals(warning: int, warned: list[int]) -> Iterator[None]:
    """Let SLURM's warning, which is noted in `warned`, and SIGTERM end a run as the suite ends one."""

    def warn(signum: int, _: Any) -> None:
        warned.append(signum)
        signal.raise_signal(signal.SIGTERM)

    def end(signum: int, _: Any) -> None:
        raise KeyboardInterrupt

    before: dict[int, Any] = {warning: signal.signal(warning, warn), signal.SIGTERM: signal.signal(signal.SIGTERM, end)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _log(event: Event) -> None:
    """Print what stands in the job's log."""
    match event:
        case Started(run):
            print(f"started {run.key} {run.text}", flush=True)
        case Busy(key, owner):
            print(f"busy {key} {owner}", flush=True)
        case Notice(key, text):
            print(f"notice {key} {text}", flush=True)
        case Finished(key, outcome):
            print(f"finished {key} {outcome}", flush=True)
