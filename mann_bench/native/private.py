"""Folders of compiled code. What lies there is executed: they are the user's alone, and it is looked at before."""

import functools
import os
import stat
import tempfile
import warnings
from pathlib import Path


class UntrustedCodeWarning(RuntimeWarning):
    """Compiled code was found that others may have put there, or that is not as it was left; it is made anew."""


def user_name(kind: str) -> str:
    """Return the name of the user's own folder of a kind, in a cache that several users may share."""
    return f"{kind}-{os.geteuid()}" if hasattr(os, "geteuid") else kind


def is_own(path: Path) -> bool:
    """Tell whether a plain file or folder is the user's and nobody else may write to it; a link is neither."""
    status = path.lstat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return False
    # Windows tells neither.
    return not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def own_folder(folder: Path) -> Path:
    """Return a folder that is made where it is not there, or one of this process alone where others may write to it.

    Raises:
        OSError: it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if is_own(folder):
        return folder
    warnings.warn(
        f"{folder} is not yours, or others may write to it: compiled code is made anew for this process alone. Remove "
        f"that folder (or, if you trust what is there, chmod go-w it), or set MANN_BENCH_CACHE to another one.",
        UntrustedCodeWarning,
        stacklevel=2,
    )
    return folder_of_process(folder.name)


def folder_of_process(name: str) -> Path:
    """Return a folder of this process alone, which goes when the process ends."""
    folder = Path(_of_process().name) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@functools.cache
def _of_process() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="mann-bench-")
