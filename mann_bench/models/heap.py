"""What the C library keeps of the memory that is freed."""

import torch

_LARGEST = 2**25 - 2**16
"""Bytes of a block, a little below 32 MiB, the largest from whose release glibc learns."""


def keep_freed_memory() -> None:
    """Let malloc keep the memory that a pass frees, for the next step or pass.

    glibc returns what is free at the end of the heap to the system where it is more than twice the largest block that
    was freed so far, and at first where it is little. A compiled DNC got the room of some gradients from the system at
    each step of backward, and zeros in it, for a quarter of the time. Other C libraries learn nothing.
    """
    torch.empty(_LARGEST, dtype=torch.uint8)
