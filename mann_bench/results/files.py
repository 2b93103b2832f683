"""Files that appear whole or not at all."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mann_bench.core.errors import StoreError, UsageError


def prepare_folder(folder: Path, option: str) -> None:
    """Make a folder and see that it can be written to; raises UsageError, which names the option that chose it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}. Choose another folder with {option}.") from error


def prepare_file(path: Path, option: str) -> None:
    """Make the folder of a file and see that it can be written to; raises UsageError, which names the option."""
    if not _is_device(path):
        prepare_folder(path.resolve().parent, option)


def write_output(what: str, place: Path, files: Mapping[Path, bytes]) -> None:
    """Write files as `write_atomically` does; raises StoreError, which says what could not be written, and where to."""
    try:
        write_atomically(files)
    except OSError as error:
        raise StoreError(f"{what} could not be written to {place}: {error.strerror}.") from error


def write_atomically(files: Mapping[Path, bytes]) -> None:
    """Write files of one folder by way of temporary ones; raises OSError, leaving what was there.

    All content is safely on disk before the first file gets its name, and names are given in order, so the
    last file may stand for the completeness of all. A symbolic link stays one: the file it points to is replaced.
    A device or a pipe, such as /dev/stdout, takes the content as it is.
    """
    staged: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            if not _is_device(path):
                place = path.resolve()
                staged[place] = place.with_name(f".{place.name}.{secrets.token_hex(8)}.tmp")
                with staged[place].open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
        for place, temporary in staged.items():
            temporary.replace(place)
    except BaseException:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        raise
    for folder in {place.parent for place in staged}:
        _sync_folder(folder)
    for path, content in files.items():
        if _is_device(path):
            path.write_bytes(content)


def _is_device(path: Path) -> bool:
    """Tell whether a path names something that is written to and not replaced: a device or a pipe."""
    return path.exists() and not (path.is_file() or path.is_dir())


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
