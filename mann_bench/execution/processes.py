"""Where worker processes come from: forked from a server that has imported what trains, or spawned.

The server imports once for all workers, and while the process that starts it imports and plans. It has only
imported when it forks: no run, no thread and no GPU was begun there, so the workers start as if they were spawned.
"""

import contextlib
import multiprocessing
import signal
import sys
import types
from collections.abc import Collection, Iterator
from multiprocessing.context import ForkServerContext, SpawnContext

from mann_bench.core.jobs import Device

_PRELOADED = "mann_bench.execution.preloaded"


def worker_context(devices: Collection[Device] = frozenset()) -> ForkServerContext | SpawnContext:
    """Return how workers for runs on those devices are started: a server serves on Linux, and for the CPU alone."""
    # macOS ends forked processes that use its frameworks, Windows has no fork, and CUDA forbids it.
    if sys.platform != "linux" or "cuda" in devices:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_PRELOADED])
    return context


def start_server() -> None:
    """Let the server, if workers for the CPU come from one, begin to import now."""
    if worker_context().get_start_method() == "forkserver":
        from multiprocessing import forkserver

        with ctrl_c_blocked():
            forkserver.ensure_running()


@contextlib.contextmanager
def without_script() -> Iterator[None]:
    """Let a process that starts meanwhile not import the script of this one: it would do there what it does here."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextlib.contextmanager
def ctrl_c_blocked() -> Iterator[None]:
    """Hold SIGINT back, where the system can; what arrives meanwhile is delivered afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
