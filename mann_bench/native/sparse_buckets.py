"""The buckets of a memory's start, as the native recurrences of sparse memories search them."""

import torch
from torch import Tensor

from mann_bench.native import arguments, sparse
from mann_bench.native import memory as native_memory
from mann_bench.native.sparse import Sizes
from mann_bench.nn.memory_start import MemoryStart
from mann_bench.nn.sparse_buckets import Buckets


def packed(start: MemoryStart, memory: Tensor, sizes: Sizes, clip: float) -> Tensor:
    """Return the buckets in the library's own form, made where that is not done; empty where all rows are searched.

    Args:
        start: where the memory of every sequence starts.
        memory: [B, N, W], of a first state. Where it is another one than the start, all its rows are searched.
        sizes, clip: what the library is compiled for.
    """
    made = start.untrained()
    if made is None or made.buckets is None or len(memory) > 1 or memory.data_ptr() != made.memory.data_ptr():
        return memory.new_empty(0, dtype=torch.uint8)
    if (sizes, clip) not in made.forms:
        made.forms[sizes, clip] = _pack(made.memory, made.buckets, sizes, clip)
    form: Tensor = made.forms[sizes, clip]
    return form


def _pack(rows: Tensor, buckets: Buckets, sizes: Sizes, clip: float) -> Tensor:
    library, count = sparse.library(sizes, clip), len(buckets.centers)
    made = torch.empty(library.sparse_buckets_bytes(count), dtype=torch.uint8)
    lacking = library.sparse_buckets_make(
        arguments.pointer(rows.contiguous()),
        arguments.pointer(buckets.centers.contiguous()),
        arguments.pointer(buckets.of_slot.contiguous()),
        arguments.pointer(made),
        count,
        torch.get_num_threads(),
    )
    native_memory.check(lacking)
    return made
