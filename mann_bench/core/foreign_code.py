"""Run the code of a plugin so that it harms nobody else: what it prints, raises, changes and how long it takes."""

import _thread
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from mann_bench.core.marks import marked
from mann_bench.core.message_text import printable
from mann_bench.core.plugin_code import IMPORTED, PluginExitError, Tell, warn, words
from mann_bench.core.process_state import ProcessState, generators_kept
from mann_bench.core.turns import GENERATORS

_PATIENCE_SECONDS = 10.0
"""From when on code that has not come to an end is named."""

_MOST_SIGNALS = 3


@contextlib.contextmanager
def foreign_code(who: str, doing: str, tell: Tell = warn) -> Iterator[None]:
    """Run the code of a plugin.

    What it writes to standard output goes to standard error. What is global and was changed is put back, and said; the
    random generators keep their states while it is imported. After some seconds the user is told what everybody waits
    for.

    Args:
        who: whose code it is, for people.
        doing: what is done with it, `IMPORTED` or `BUILT`.
        tell: gets the words for people.

    Raises:
        KeyboardInterrupt: the user or the system stopped it, even where the code went on.
        PluginExitError: the code raised what is no Exception.
        Exception: whatever else it raises.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(GENERATORS)
        stack.enter_context(marked(who=who, doing=doing))
        stack.enter_context(_told_when_slow(who, doing))
        if doing == IMPORTED:
            stack.enter_context(generators_kept())
        before = ProcessState.now()
        try:
            with stdout_apart(), _Exits():
                yield
        except KeyboardInterrupt:
            print(printable(f"Stopped while {who} was being {doing}."), file=sys.stderr)
            raise
        finally:
            if changed := before.restore():
                tell(f"{who} changed {', '.join(changed)} as it was {doing}. mann-bench has put that back.")


@contextlib.contextmanager
def stdout_apart() -> Iterator[None]:
    """Send what is written to standard output to standard error, also what is written past Python."""
    if sys.stdout is None or sys.stderr is None:
        yield
        return
    with contextlib.ExitStack() as stack:
        if _descriptor(sys.stdout) == 1 and _descriptor(sys.stderr) == 2:
            sys.stdout.flush()
            kept = os.dup(1)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, 1)
            stack.callback(_flush, sys.stdout)
            os.dup2(2, 1)
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        yield


def _descriptor(stream: Any) -> int | None:
    try:
        number: int = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None
    return number


def _flush(stream: Any) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.flush()


@contextlib.contextmanager
def _told_when_slow(who: str, doing: str) -> Iterator[None]:
    def wait() -> None:
        if over.acquire(timeout=_PATIENCE_SECONDS):
            return
        text = (
            f"{who} is still being {doing}, after {_PATIENCE_SECONDS:g} seconds. Ctrl-C stops this; --no-plugins or "
            "MANN_BENCH_PLUGINS= leaves out all plugins."
        )
        print(printable(text), file=sys.stderr, flush=True)

    over = threading.Lock()
    over.acquire()
    _thread.start_new_thread(wait, ())  # a fifth of what a threading.Timer takes
    try:
        yield
    finally:
        over.release()


class _Exits:
    """Tells what a plugin raises by itself to end the program from the signals of the user and the system.

    A third signal ends a process whose code answers none.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Callable[[int, Any], Any]] = {}
        self._came = 0

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._before[number] = handler
                    signal.signal(number, self._note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._came:
            raise KeyboardInterrupt from error
        if error is not None and not isinstance(error, Exception):
            raise PluginExitError(f"it raised {words(error)}, which ends programs") from error

    def _note(self, number: int, frame: Any) -> None:
        self._came += 1
        if self._came >= _MOST_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._before[signal.Signals(number)](number, frame)
