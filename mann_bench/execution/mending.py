"""Bring the folder of a run into order that a process left in disorder when it was killed."""

import contextlib

from mann_bench.core.runs import Outcome
from mann_bench.results.locks import Locks, RunLock
from mann_bench.results.schema import Record
from mann_bench.results.store import CorruptRecordError, Store
from mann_bench.training.checkpoint import Checkpoints


def mend_idle(store: Store, key: str) -> None:
    """Mend the run, where there is something to mend and no process is at it; raises StoreError."""
    if store.untidy(key):
        lock = Locks(store.folder(key)).take()
        if isinstance(lock, RunLock):
            with lock:
                mend_held(store, key)


def mend_held(store: Store, key: str) -> Record | None:
    """Mend the run, whose lock this process holds, and return the record that answers it, if there is one.

    What was being written is finished or undone. Beside a record that answers no checkpoint is of use; beside one that
    failed there may be those of another try, which goes on from them.

    Raises StoreError.
    """
    store.mend(key)
    try:
        record = store.find(key)
    except CorruptRecordError:
        return None
    if record is None or record.outcome is Outcome.FAILED:
        return None
    with contextlib.suppress(OSError):  # it does no harm
        Checkpoints(store.folder(key)).remove()
    return record
