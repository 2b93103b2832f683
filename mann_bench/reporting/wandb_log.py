"""The log of an offline run of Weights & Biases, which a process of W&B's own writes: wait until all of it is on disk.

It is a log as of LevelDB: a header, then blocks of 32 KiB of pieces, each with a checksum, a length and a kind.
"""

import importlib
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 60.0
"""Seconds that W&B may take from the end of a run to the end of its log."""

_HEADER = 7
_BLOCK = 2**15
_PIECE = struct.Struct("<IHB")
_FULL, _LAST = 1, 4
_PAUSE = 0.02


def wait_for_end(log: Path, patience: float | None = None) -> None:
    """Return once a log holds the end of its run, and that is safely on disk.

    Args:
        log: the file.
        patience: seconds to wait, by default `PATIENCE`.

    Raises:
        TimeoutError: it does not by then.
    """
    patience = PATIENCE if patience is None else patience
    end = time.monotonic() + patience
    while not (log.exists() and _has_ended(log.read_bytes())):
        if time.monotonic() > end:
            raise TimeoutError(f"{log} has no end after {patience:g} seconds")
        time.sleep(_PAUSE)
    with log.open("rb") as file:
        os.fsync(file.fileno())


def _has_ended(log: bytes) -> bool:
    # By name: what protobuf generates declares its messages to no type checker.
    record = importlib.import_module("wandb.proto.wandb_internal_pb2").Record
    try:
        return any(record.FromString(each).HasField("exit") for each in reversed(list(_entries(log))))
    except struct.error:  # the last piece is not whole yet
        return False


def _entries(log: bytes) -> Iterator[bytes]:
    """Yield the entries of a log; raises struct.error where it ends within one."""
    place, entry = _HEADER, b""
    while place < len(log):
        if (left := _BLOCK - place % _BLOCK) < _PIECE.size:
            place += left
            continue
        _, length, kind = _PIECE.unpack_from(log, place)
        start, place = place + _PIECE.size, place + _PIECE.size + length
        if place > len(log):
            raise struct.error("a piece is not whole")
        entry += log[start:place]
        if kind in (_FULL, _LAST):
            yield entry
            entry = b""
