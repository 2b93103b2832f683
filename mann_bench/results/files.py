"""Files that appear whole or not at all."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mann_bench.core.errors import UsageError


def prepare_folder(folder: Path, option: str) -> None:
    """Make a folder and see that it can be written to; raises UsageError, which names the option that chose it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}. Choose another folder with {option}.") from error


def write_atomically(files: Mapping[Path, bytes]) -> None:
    """Write files of one folder by way of temporary ones; raises OSError, leaving what was there.

    All content is safely on disk before the first file gets its name, and names are given in order, so the
    last file may stand for the completeness of all.
    """
    staged: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            staged[path] = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
            with staged[path].open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path, temporary in staged.items():
            temporary.replace(path)
    except BaseException:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        raise
    for folder in {path.parent for path in files}:
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
