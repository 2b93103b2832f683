"""When Python's search for cycles of garbage pauses, and what it never visits."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Pause the search for cycles of garbage while much is made that stays: it would visit all of that many times."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def imported_for_good() -> Iterator[None]:
    """Import what stays until the process ends: it is visited neither meanwhile, a quarter of the time, nor later."""
    with uncollected():
        yield
        gc.freeze()
