"""Work through very many files in two processes: this one and one beside it."""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Generic, TypeVar

from mann_bench.core.machine import usable_cores

Made = TypeVar("Made")
Work = Callable[[Sequence[Path]], list[Made]]

WORTH_A_PROCESS = 1_000
"""Files from which on a second process saves more than its start costs."""

_CHUNK = 100


class TwoProcesses(contextlib.AbstractContextManager["TwoProcesses[Made]"], Generic[Made]):
    """Work on files that another process begins at once, from the first one, while this one has other things to do.

    With few files, or one processor, all is done where `results` is called.

    Args:
        work: returns a result a file, and can be pickled, as the results can.
        files: what to work on.
    """

    def __init__(self, work: Work[Made], files: Sequence[Path]) -> None:
        self._work = work
        self._chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
        self._pool: ProcessPoolExecutor | None = None
        self._begun: list[Future[list[Made]]] = []
        if len(files) >= WORTH_A_PROCESS and usable_cores() > 1:
            self._pool = ProcessPoolExecutor(1, get_context(_start_method()))
            self._begun = [self._pool.submit(work, chunk) for chunk in self._chunks]

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def results(self) -> list[Made]:
        """Return the results in the order of the files; this process takes part from the last one back."""
        own: dict[int, list[Made]] = {}
        for place in reversed(range(len(self._begun))):
            if not self._begun[place].cancel():
                break
            own[place] = self._work(self._chunks[place])
        return [
            made
            for place, chunk in enumerate(self._chunks)
            for made in (own[place] if place in own else self._fetched(place, chunk))
        ]

    def _fetched(self, place: int, chunk: Sequence[Path]) -> list[Made]:
        try:
            return self._begun[place].result() if self._begun else self._work(chunk)
        except BrokenProcessPool:  # killed, or out of memory: it can still be done here
            return self._work(chunk)


def _start_method() -> str:
    """Return how the other process starts: as a copy of this one, which saves imports, where this has one thread."""
    threads = Path("/proc/self/task")
    return "fork" if threads.is_dir() and len([*threads.iterdir()]) == 1 else "spawn"
