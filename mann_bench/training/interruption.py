"""SIGINT and SIGTERM: a wish to stop while a run trains, KeyboardInterrupt everywhere else."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

_ONE_WISH_SECONDS = 1.0
"""Signals so close together say the same: a scheduler tells a whole group, and a parent its workers again."""


class Interruption:
    """A wish to stop that a loop asks for when it can stop. Use as a context manager around the loop.

    From `take` on, a signal only sets `came`; another one, a second or more later, raises KeyboardInterrupt where it
    stands. Leaving the context gives the signals back and raises KeyboardInterrupt if one came. A signal that the
    process ignores stays ignored; outside of the main thread nothing is taken.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._came_at: float | None = None

    @property
    def came(self) -> bool:
        """Whether somebody wants the loop to stop."""
        return self._came_at is not None

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            found = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
            self._before = {number: handler for number, handler in found.items() if handler is not None}
        return self

    def take(self) -> None:
        """Answer the signals from now on, whoever did so since the context was entered."""
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_IGN if before is signal.SIG_IGN else self._note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        if self.came:
            raise KeyboardInterrupt from None

    def _note(self, number: int, frame: object) -> None:
        now = time.monotonic()
        if self._came_at is None:
            self._came_at = now
        elif now - self._came_at >= _ONE_WISH_SECONDS:
            raise KeyboardInterrupt


@contextlib.contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, as Ctrl-C does, where nobody else answers it."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
