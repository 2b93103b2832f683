"""Memory that a native library works in: tapes out of its pool, and an error where memory runs out."""

import ctypes
import sys
import weakref

import torch
from torch import Tensor

from mann_bench.core.errors import MannBenchError


class NativeMemoryError(MannBenchError, MemoryError):
    """There is not as much memory as a native recurrence needs."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"out of memory: the native recurrence asked for {size:,} bytes more. "
            "Make the batch, the sequences or the model's memory smaller."
        )


def check(lacking: int) -> None:
    """Raise NativeMemoryError where a native call came back with the bytes that it asked for in vain, not with 0."""
    if lacking:
        raise NativeMemoryError(lacking)


def declare(library: ctypes.CDLL, *functions: str) -> ctypes.CDLL:
    """Return the library, its pool and those of its functions that return what `check` takes made known to ctypes."""
    library.pool_take.argtypes = [ctypes.c_ssize_t]
    library.pool_take.restype = ctypes.c_void_p
    library.pool_give_back.argtypes = [ctypes.c_void_p]
    for function in functions:
        getattr(library, function).restype = ctypes.c_int64
    return library


def tape(library: ctypes.CDLL, size: int) -> Tensor:
    """Return `size` bytes of the library's pool, which gets them back when nothing refers to the tensor.

    Raises:
        NativeMemoryError: where there are not as many.
    """
    start = library.pool_take(size) if size <= sys.maxsize else None
    if start is None:
        raise NativeMemoryError(size)
    block = (ctypes.c_uint8 * size).from_address(start)
    weakref.finalize(block, library.pool_give_back, start).atexit = False
    return torch.frombuffer(block, dtype=torch.uint8)
