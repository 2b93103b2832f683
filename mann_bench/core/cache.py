"""Where the suite keeps what it can make anew."""

import contextlib
import os
from pathlib import Path


def cache_folder() -> Path | None:
    """Return $MANN_BENCH_CACHE, or mann-bench in the user's cache; None where neither is known.

    That is so in a container whose user has no account.
    """
    if chosen := os.environ.get("MANN_BENCH_CACHE"):
        return Path(chosen).expanduser()
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache) / "mann-bench"
    with contextlib.suppress(RuntimeError):
        return Path.home() / ".cache" / "mann-bench"
    return None
