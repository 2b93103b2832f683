"""What the native recurrences of sparse memories share: sizes, the library, and the calls to it."""

import ctypes
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mann_bench.native import arguments, build
from mann_bench.native import memory as native_memory
from mann_bench.nn.sparse_buckets import PROBES

Count = int | torch.SymInt
"""Steps or sequences; symbolic while torch.compile traces."""


class Sizes(NamedTuple):
    """What the source is compiled for, besides the clip; the names in capitals are its constants."""

    input_size: int
    controller_size: int
    memory_slots: int
    slot_width: int
    read_heads: int
    neighbours: int
    links: int  # of a slot each way; 0 in a SAM


_NAMES = ("hidden", "cell", "reads", "read slots", "read weights", "age")
_ROW_NAMES = ("predecessors", "predecessor weights", "successors", "successor weights")
_LINK_NAMES = (*_ROW_NAMES, "precedence", "precedence weights")
_WHOLE = {"read slots", "age", "predecessors", "successors", "precedence"}
_OF_SLOTS = ({"memory"}, {"age"}, set(_ROW_NAMES))
"""Tensors with an entry for each slot, by what the library may be told to be alike for all slots."""


def names_of(sizes: Sizes) -> tuple[str, ...]:
    """Return the names of the tensors of a state, in the library's order."""
    return (*_NAMES, *(_LINK_NAMES if sizes.links else ()), "memory")


def state_shapes(batch: Count, sizes: Sizes) -> list[tuple[Count, ...]]:
    """Return the shapes of the tensors of a state of `batch` sequences."""
    heads, slots, units = sizes.read_heads, sizes.memory_slots, sizes.controller_size
    shapes: list[tuple[Count, ...]] = [
        (batch, units),
        (batch, units),
        (batch, heads, sizes.slot_width),
        *2 * [(batch, heads, sizes.neighbours)],
        (batch, slots),
    ]
    if sizes.links:
        shapes += [*4 * [(batch, slots, sizes.links)], *2 * [(batch, 1, sizes.links)]]
    return [*shapes, (batch, slots, sizes.slot_width)]


class _Layout(NamedTuple):
    """Of a tape: the steps, and the rows that a sequence visits."""

    step: int  # bytes per sequence and moment
    header: int  # bytes per sequence
    row: int  # bytes
    first_rows: int  # that a sequence visits before its first step at most
    further_rows: int  # that it visits in a step at most
    rounded: int  # the room for rows is a multiple

    def size(self, steps: Any, batch: Any, memory_slots: int, keep_tape: bool) -> Any:
        """Return the bytes of the whole tape; symbolic where the counts are."""
        rows = min(self.first_rows + steps * self.further_rows, memory_slots)
        room = (rows + self.rounded - 1) // self.rounded * self.rounded
        return batch * ((steps + 1 if keep_tape else 2) * self.step + self.header + room * self.row)


class _Start(ctypes.Structure):
    """What the library is told of a first state."""

    _fields_ = [(name, ctypes.c_int) for name in ("sequences", "rows_alike", "ages_alike", "links_alike")]


@functools.cache
def library(sizes: Sizes, clip: float) -> ctypes.CDLL:
    """Return the library for these sizes, compiled where that is not done."""
    constants = {name.upper(): size for name, size in sizes._asdict().items()}
    made = build.load("sparse.cpp", {**constants, "CLIP": clip, "PROBES": PROBES})
    made.sparse_buckets_bytes.restype = ctypes.c_int64
    return native_memory.declare(made, "sparse_forward", "sparse_backward", "sparse_undo", "sparse_buckets_make")


@functools.cache
def layout(sizes: Sizes, clip: float) -> _Layout:
    """Return how the tape of a library lies in memory."""
    numbers = (ctypes.c_int * len(_Layout._fields))()
    library(sizes, clip).sparse_layout(numbers)
    return _Layout(*numbers)


def tape_bytes(sizes: Sizes, clip: float, steps: Any, batch: Any, keep_tape: bool) -> Any:
    """Return the bytes of a tape, which do not grow with the slots beyond those that the steps visit."""
    return layout(sizes, clip).size(steps, batch, sizes.memory_slots, keep_tape)


def check(inputs: Tensor, start: Sequence[Tensor], sizes: Sizes) -> None:
    """Raise ValueError where inputs or a first state do not fit."""
    batch, names = arguments.state_batch(inputs, start), names_of(sizes)
    expected = [(*inputs.shape[:2], sizes.input_size), *state_shapes(batch, sizes)]
    arguments.check(("inputs", *names), [inputs, *start], expected, _WHOLE)
    for name, tensor in zip(names, start, strict=True):
        if name in _WHOLE and name != "age" and not bool(((tensor >= 0) & (tensor < sizes.memory_slots)).all()):
            raise ValueError(f"{name} must be from 0 to {sizes.memory_slots - 1}, the memory's slots")


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

    The buckets are those of the memory in `start`, as `sparse_buckets.packed` returns them.
    """
    check(inputs, start, sizes)
    (steps, batch), (keep_tape, keep_end) = inputs.shape[:2], keep
    outputs, *end = empty_results(inputs, sizes, keep_end)
    tape = native_memory.tape(library(sizes, clip), tape_bytes(sizes, clip, steps, batch, keep_tape))
    given = dict(zip(names_of(sizes), start, strict=True))
    alike = [all(_alike(given[name]) for name in names if name in given) for names in _OF_SLOTS]
    for name in (name for names, are in zip(_OF_SLOTS, alike, strict=True) if are for name in names & given.keys()):
        given[name] = given[name][:, :1]
    weights, first, inputs = (
        [w.contiguous() for w in weights],
        [g.contiguous() for g in given.values()],
        inputs.contiguous(),
    )
    lacking = library(sizes, clip).sparse_forward(
        arguments.pointers(weights),
        arguments.pointer(inputs),
        arguments.pointers(first),
        ctypes.byref(_Start(len(start[0]), *alike)),
        arguments.pointer(buckets if len(buckets) else None),
        arguments.pointer(outputs),
        arguments.pointers(end if keep_end else [None] * len(end)),
        arguments.pointer(tape),
        steps,
        batch,
        keep_tape,
        torch.get_num_threads(),
    )
    native_memory.check(lacking)
    return [outputs, *end, tape if keep_tape else tape.new_empty(0)]


def _alike(tensor: Tensor) -> bool:
    """Tell whether a tensor [B, N, *] holds one entry for all slots; so it takes no memory and no time for each."""
    return tensor.shape[1] > 1 and tensor.stride(1) == 0


def forward_fake(inputs: Tensor, sizes: Sizes, clip: float, *keep: bool) -> list[Tensor]:
    """Return empty tensors of the shapes of `forward`."""
    (steps, batch), (keep_tape, keep_end) = inputs.shape[:2], keep
    size = tape_bytes(sizes, clip, steps, batch, keep_tape) if keep_tape else 0
    return [*empty_results(inputs, sizes, keep_end), inputs.new_empty(size, dtype=torch.uint8)]


def empty_results(inputs: Tensor, sizes: Sizes, keep_end: bool) -> list[Tensor]:
    """Return tensors for the outputs and the last state."""
    steps, batch = inputs.shape[:2]
    outputs = inputs.new_empty(steps, batch, sizes.controller_size + sizes.read_heads * sizes.slot_width)
    names = names_of(sizes)
    shapes = arguments.wanted_shapes(state_shapes(batch, sizes), [keep_end] * len(names))
    kinds = [torch.int64 if name in _WHOLE else inputs.dtype for name in names]
    return [outputs, *(inputs.new_empty(shape, dtype=kind) for shape, kind in zip(shapes, kinds, strict=True))]


def backward(
    weights: Sequence[Tensor],
    tape: Tensor,
    d_outputs: Tensor | None,
    d_end: Sequence[Tensor | None],
    counts: Sequence[int],
    sizes: Sizes,
    clip: float,
    wanted: Sequence[bool],
) -> list[Tensor]:
    """Return the gradients of the weights, then those of the inputs and the start that are wanted, others empty.

    Args:
        weights: as `forward` has them.
        tape: what it kept.
        d_outputs, d_end: gradients of outputs and last state; None for zero, as for whole numbers.
        counts: steps, sequences, and those of the start.
        sizes, clip: what the library is compiled for.
        wanted: of inputs and start.
    """
    made = empty_gradients(weights, counts, sizes, wanted)
    d_inputs, *d_start = arguments.wanted_tensors(made[4:], wanted)
    d_outputs, *d_end = arguments.contiguous([d_outputs, *d_end])
    taken = arguments.contiguous(weights)
    steps, batch, start_batch = counts
    lacking = library(sizes, clip).sparse_backward(
        arguments.pointers(taken),
        arguments.pointer(tape),
        arguments.pointer(d_outputs),
        arguments.pointers(d_end),
        arguments.pointer(d_inputs),
        arguments.pointers(made[:4]),
        arguments.pointers(d_start),
        steps,
        batch,
        start_batch,
        torch.get_num_threads(),
    )
    native_memory.check(lacking)
    return made


def empty_gradients(
    weights: Sequence[Tensor], counts: Sequence[Count], sizes: Sizes, wanted: Sequence[bool]
) -> list[Tensor]:
    """Return tensors for the gradients of weights, and of inputs and start where they are wanted."""
    steps, batch, start_batch = counts
    optional = [(steps, batch, sizes.input_size), *state_shapes(start_batch, sizes)]
    shapes = [*(tuple(weight.shape) for weight in weights), *arguments.wanted_shapes(optional, wanted)]
    return [weights[0].new_empty(shape) for shape in shapes]
