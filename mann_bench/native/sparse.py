"""What the native recurrences of sparse memories share: sizes, the calls to the library, and its buckets of a start."""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mann_bench.native import arguments, operators
from mann_bench.native import memory as native_memory
from mann_bench.native.recurrence import Count, Part, Recurrence
from mann_bench.native.recurrence import check as check_shapes
from mann_bench.nn.memory_start import MemoryStart
from mann_bench.nn.sam import SAMCell, SAMState
from mann_bench.nn.sdnc import SDNCCell, SDNCState
from mann_bench.nn.sparse_buckets import PROBES, Buckets


class Sizes(NamedTuple):
    """What the source is compiled for, besides the clip; the names in capitals are its constants."""

    input_size: int
    controller_size: int
    memory_slots: int
    slot_width: int
    read_heads: int
    neighbours: int
    links: int  # of a slot each way; 0 in a SAM

    def state(self, batch: Count) -> list[Part]:
        """Return the tensors of a state of `batch` sequences, in the library's order."""
        slots, of_heads = self.memory_slots, (batch, self.read_heads, self.neighbours)
        return [
            Part("hidden", (batch, self.controller_size)),
            Part("cell", (batch, self.controller_size)),
            Part("reads", (batch, self.read_heads, self.slot_width)),
            Part("read slots", of_heads, whole=True),
            Part("read weights", of_heads),
            Part("age", (batch, slots), whole=True),
            *(self._links(batch) if self.links else ()),
            Part("memory", (batch, slots, self.slot_width)),
        ]

    def _links(self, batch: Count) -> list[Part]:
        of_slots, of_one = (batch, self.memory_slots, self.links), (batch, 1, self.links)
        return [
            Part("predecessors", of_slots, whole=True),
            Part("predecessor weights", of_slots, constant=True),
            Part("successors", of_slots, whole=True),
            Part("successor weights", of_slots, constant=True),
            Part("precedence", of_one, whole=True),
            Part("precedence weights", of_one, constant=True),
        ]


class _Layout(NamedTuple):
    """Of a tape: the steps, and the rows that a sequence visits."""

    step: int  # bytes per sequence and moment
    header: int  # bytes per sequence
    row: int  # bytes
    first_rows: int  # that a sequence visits before its first step at most
    further_rows: int  # that it visits in a step at most
    rounded: int  # the room for rows is a multiple
    memory_slots: int  # more rows than these are not visited

    def size(self, steps: Any, batch: Any, keep_tape: bool) -> Any:
        """Return the bytes of the whole tape, which do not grow with the slots; symbolic where the counts are."""
        rows = min(self.first_rows + steps * self.further_rows, self.memory_slots)
        room = (rows + self.rounded - 1) // self.rounded * self.rounded
        return batch * ((steps + 1 if keep_tape else 2) * self.step + self.header + room * self.row)


SPARSE = Recurrence(
    "sparse", Sizes, _Layout, constants={"PROBES": PROBES}, functions=["sparse_undo", "sparse_buckets_make"]
)

_OF_SLOTS = ({"memory"}, {"age"}, {"predecessors", "predecessor weights", "successors", "successor weights"})
"""Tensors with an entry for each slot, by what the library may be told to be alike for all slots."""


class _Start(ctypes.Structure):
    """What the library is told of a first state."""

    _fields_ = [(name, ctypes.c_int) for name in ("sequences", "rows_alike", "ages_alike", "links_alike")]


def run(
    sequence: Callable[..., Any],
    cell: SAMCell | SDNCCell,
    sizes: Sizes,
    inputs: Tensor,
    state: SAMState | SDNCState,
    keep_end: bool,
) -> tuple[Tensor, ...]:
    """Call the operator of a recurrence with what a cell holds; return outputs and the tensors of the last state."""
    start = arguments.tensors_of(state)
    buckets = _packed(cell.memory_start, start[-1], sizes, cell.clip or 0.0)
    given = [inputs, *arguments.weights_of(cell), *start, buckets]
    return operators.run(sequence, given, sizes, cell.clip, keep_end)


def forward(
    inputs: Tensor,
    weights: Sequence[Tensor],
    start: Sequence[Tensor],
    buckets: Tensor,
    sizes: Sizes,
    clip: float,
    *keep: bool,
) -> list[Tensor]:
    """Return the outputs, the tensors of the last state, and the tape; empty what is not kept (tape, last state).

    The buckets are those of the memory in `start`, as `_packed` returns them.
    """
    _check(inputs, start, sizes)
    given = {part.name: tensor for part, tensor in zip(sizes.state(1), start, strict=True)}
    alike = [all(_alike(given[name]) for name in names & given.keys()) for names in _OF_SLOTS]
    for name in (name for names, are in zip(_OF_SLOTS, alike, strict=True) if are for name in names & given.keys()):
        given[name] = given[name][:, :1]
    told = [ctypes.byref(_Start(len(start[0]), *alike)), arguments.pointer(buckets if len(buckets) else None)]
    return SPARSE.forward(inputs, weights, list(given.values()), told, sizes, clip, *keep)


def _check(inputs: Tensor, start: Sequence[Tensor], sizes: Sizes) -> None:
    """Raise ValueError where inputs or a first state do not fit."""
    check_shapes(inputs, start, sizes)
    for part, tensor in zip(sizes.state(1), start, strict=True):
        of_slots = part.whole and part.name != "age"
        if of_slots and not bool(((tensor >= 0) & (tensor < sizes.memory_slots)).all()):
            raise ValueError(f"{part.name} must be from 0 to {sizes.memory_slots - 1}, the memory's slots")


def _alike(tensor: Tensor) -> bool:
    """Tell whether a tensor [B, N, *] holds one entry for all slots; so it takes no memory and no time for each."""
    return tensor.shape[1] > 1 and tensor.stride(1) == 0


def _packed(start: MemoryStart, memory: Tensor, sizes: Sizes, clip: float) -> Tensor:
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
    library, count = SPARSE.library(sizes, clip), len(buckets.centers)
    library.sparse_buckets_bytes.restype = ctypes.c_int64
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
