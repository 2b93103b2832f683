"""Bring the folder of a run into order that a process left in disorder when it was killed."""

import contextlib

from mann_bench.results.locks import Locks, RunLock
from mann_bench.results.store import RECORD_NAME, Store
from mann_bench.training.checkpoint import Checkpoints


def mend_idle(store: Store, key: str) -> None:
    """Mend the run, where there is something to mend and no process is at it; raises StoreError."""
    if store.untidy(key):
        lock = Locks(store.folder(key)).take()
        if isinstance(lock, RunLock):
            with lock:
                mend_held(store, key)


def mend_held(store: Store, key: str) -> None:
    """Mend the run, whose lock this process holds; raises StoreError.

    What was being written is finished or undone. Beside a record no checkpoint is of use.
    """
    store.mend(key)
    with contextlib.suppress(OSError):  # it does no harm
        if (store.folder(key) / RECORD_NAME).exists():
            Checkpoints(store.folder(key)).remove()
