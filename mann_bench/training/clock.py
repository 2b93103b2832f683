"""A clock that tells training from a pause: it stands still while the whole process does."""

import threading
import time
from types import TracebackType

_PERIOD = 0.25
"""Seconds between two beats."""

_LONGEST_GAP = 1.0
"""Seconds without a beat above which the process is taken to have been stopped, unless it computed all the same."""


class RunningClock:
    """Seconds of wall time, less those in which the process was stopped: by SIGSTOP, a freezer, a scheduler.

    A thread beats four times a second. Where no beat came for more than a second, and the process used hardly any
    processor time meanwhile, all its threads stood still: that time is left out, but for the one period in which it was
    still running. Shorter pauses count, and so does waiting for a processor that others use in turns. Code that holds
    Python's lock keeps the thread from beating, too, but uses processor time.

    It runs from `__enter__` to `__exit__`.
    """

    def __init__(self) -> None:
        self._lock, self._over = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="mann-bench-clock", daemon=True)
        self._at, self._used, self._stopped = time.perf_counter(), time.process_time(), 0.0

    def __enter__(self) -> "RunningClock":
        self()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self) -> float:
        """Return the seconds since some moment; they never fall."""
        with self._lock:
            now, used = time.perf_counter(), time.process_time()
            gap = now - self._at
            if gap > _LONGEST_GAP and used - self._used < gap / 2:
                self._stopped += gap - _PERIOD
            self._at, self._used = now, used
            return now - self._stopped

    def _beat_on(self) -> None:
        while not self._over.wait(_PERIOD):
            self()
