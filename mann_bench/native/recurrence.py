"""What all native recurrences share: code compiled for some sizes, the calls forward and backward, and their checks.

A recurrence over whole sequences has a source in C++ and a class of the sizes that the source is compiled for, which
says what tensors its state is made of. Its operator takes the inputs, the four weights of its cell, the tensors of the
first state, further tensors where there are some, the sizes, the clip, whether to keep a tape for backward, and whether
to keep the last state; it returns the outputs, the tensors of the last state and the tape, empty what is not kept.
"""

import ctypes
import dataclasses
import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from mann_bench.native import arguments, build, operators
from mann_bench.native import memory as native_memory

Count = int | torch.SymInt
"""Steps or sequences; symbolic while torch.compile traces."""

_WEIGHTS = 4


class Part(NamedTuple):
    """A tensor of a state."""

    name: str
    shape: tuple[Count, ...]
    whole: bool = False  # whole numbers, int64
    constant: bool = False  # gradients stop there, as they do at whole numbers

    @property
    def differentiable(self) -> bool:
        """Whether it has a gradient."""
        return not (self.whole or self.constant)


@runtime_checkable
class Sizes(Hashable, Protocol):
    """What a source is compiled for, besides the clip: a NamedTuple, whose names in capitals are its constants."""

    @property
    def input_size(self) -> int:
        """Channels of the inputs."""

    @property
    def controller_size(self) -> int:
        """Units of the controller that the outputs hold."""

    @property
    def read_heads(self) -> int:
        """Read vectors that the outputs hold, behind the units."""

    @property
    def slot_width(self) -> int:
        """Numbers in a read vector."""

    def state(self, batch: Count) -> list[Part]:
        """Return the tensors of a state of `batch` sequences, in the order of the library."""

    def _asdict(self) -> dict[str, Any]: ...


@runtime_checkable
class Layout(Protocol):
    """How a tape lies in memory: what the steps leave for backward, or the scratch memory of a forward pass alone.

    It is a NamedTuple of the whole numbers that the library tells.
    """

    def size(self, steps: Any, batch: Any, keep_tape: bool) -> Any:
        """Return the bytes of the whole tape; symbolic where the counts are."""


AnySizes = TypeVar("AnySizes", bound=Sizes)


@dataclasses.dataclass(frozen=True, eq=False)
class Recurrence(Generic[AnySizes]):
    """A source, ``{name}.cpp``, and its functions ``{name}_forward``, ``{name}_backward`` and ``{name}_layout``.

    Attributes:
        name: of source and functions.
        sizes: makes the sizes of whole numbers.
        layout: makes the layout of whole numbers.
        kept: of how many tensors of the first state, the last ones, backward is told.
        constants: further constants of the source.
        functions: further ones that return what `memory.check` takes.
    """

    name: str
    sizes: Callable[..., AnySizes]
    layout: Any
    kept: int = 0
    constants: Mapping[str, int] = dataclasses.field(default_factory=dict)
    functions: Sequence[str] = ()

    def library(self, sizes: AnySizes, clip: float) -> ctypes.CDLL:
        """Return the library for these sizes, compiled where that is not done.

        Raises:
            NativeBuildError: it cannot be compiled.
        """
        return _library(self, sizes, clip)

    def tape_bytes(self, sizes: AnySizes, clip: float, steps: Any, batch: Any, keep_tape: bool) -> Any:
        """Return the bytes of a tape; symbolic where the counts are."""
        layout: Layout = _layout(self, sizes, clip)
        return layout.size(steps, batch, keep_tape)

    def forward(
        self,
        inputs: Tensor,
        weights: Sequence[Tensor],
        start: Sequence[Tensor],
        told: Sequence[Any],
        sizes: AnySizes,
        clip: float,
        *keep: bool,
    ) -> list[Tensor]:
        """Return the outputs, the tensors of the last state, and the tape; empty what is not kept (tape, last state).

        `told` is what the library wants to know beside the tensors of `start`, which `check` has looked at.
        """
        (steps, batch), library, (keep_tape, keep_end) = inputs.shape[:2], self.library(sizes, clip), keep
        outputs, *end = _empty_results(inputs, sizes, keep_end)
        tape = native_memory.tape(library, self.tape_bytes(sizes, clip, steps, batch, keep_tape))
        inputs, *taken = [tensor.contiguous() for tensor in (inputs, *weights, *start)]
        lacking = getattr(library, f"{self.name}_forward")(
            arguments.pointers(taken[:_WEIGHTS]),
            arguments.pointer(inputs),
            arguments.pointers(taken[_WEIGHTS:]),
            *told,
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

    def backward(
        self,
        weights: Sequence[Tensor],
        kept: Sequence[Tensor],
        tape: Tensor,
        d_outputs: Tensor | None,
        d_end: Sequence[Tensor | None],
        counts: Sequence[int],
        sizes: Sequence[int],
        clip: float,
        wanted: Sequence[bool],
    ) -> list[Tensor]:
        """Return the gradients of the weights, then those of the inputs and the start that are wanted, others empty.

        Args:
            weights: as forward had them.
            kept: the last tensors of the start, as many as `kept` of the recurrence says.
            tape: what forward kept.
            d_outputs, d_end: gradients of outputs and last state; None for zero, as where there is no gradient.
            counts: steps, sequences, and those of the start.
            sizes, clip: what the library is compiled for.
            wanted: of inputs and start.
        """
        known = self.sizes(*sizes)
        made = _empty_gradients(weights, counts, known, wanted)
        d_inputs, *d_start = arguments.wanted_tensors(made[_WEIGHTS:], wanted)
        d_outputs, *d_end = arguments.contiguous([d_outputs, *d_end])
        taken = arguments.contiguous(weights)
        start = [*[None] * (len(d_end) - self.kept), *arguments.contiguous(kept)]
        lacking = getattr(self.library(known, clip), f"{self.name}_backward")(
            arguments.pointers(taken),
            *([arguments.pointers(start)] if self.kept else []),
            arguments.pointer(tape),
            arguments.pointer(d_outputs),
            arguments.pointers(d_end),
            arguments.pointer(d_inputs),
            arguments.pointers(made[:_WEIGHTS]),
            arguments.pointers(d_start),
            *counts,
            torch.get_num_threads(),
        )
        native_memory.check(lacking)
        return made

    def differentiable(self, name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        """Return the operator of this name that autograd differentiates, as of `operators.differentiable`.

        Args:
            name: of the operator.
            forward: as the operator, annotated in full.
        """
        return operators.differentiable(
            name,
            forward=forward,
            forward_fake=self._forward_fake,
            backward=self.backward,
            backward_fake=self._backward_fake,
            save=self._save,
            differentiate=self._differentiate,
        )

    def _forward_fake(self, inputs: Tensor, *rest: Any) -> Any:
        *_, sizes, clip, keep_tape, keep_end = rest
        known, (steps, batch) = self.sizes(*sizes), inputs.shape[:2]
        size = self.tape_bytes(known, clip, steps, batch, keep_tape) if keep_tape else 0
        return (*_empty_results(inputs, known, keep_end), inputs.new_empty(size, dtype=torch.uint8))

    def _backward_fake(self, weights: Sequence[Tensor], *rest: Any) -> list[Tensor]:
        *_, counts, sizes, _clip, wanted = rest
        return _empty_gradients(weights, counts, self.sizes(*sizes), wanted)

    def _save(self, ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        *tensors, ctx.sizes, ctx.clip, ctx.keep_tape, _keep_end = inputs
        _outputs, *end, tape = output
        taken, *weights_and_start = tensors[: 1 + _WEIGHTS + len(end)]
        weights, start = weights_and_start[:_WEIGHTS], weights_and_start[_WEIGHTS:]
        ctx.parts = self.sizes(*ctx.sizes).state(len(start[-1]))
        ctx.counts = (*taken.shape[:2], len(start[-1]))
        ctx.set_materialize_grads(False)
        constant = [tensor for tensor, part in zip(end, ctx.parts, strict=True) if not part.differentiable]
        ctx.mark_non_differentiable(*constant, tape)
        ctx.save_for_backward(*weights, *start[len(start) - self.kept :], tape)

    def _differentiate(
        self, backward: Callable[..., list[Tensor]], ctx: Any, *gradients: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        *saved, tape = ctx.saved_tensors
        d_outputs, *d_end, _tape = gradients
        smooth = [part.differentiable for part in ctx.parts]
        needs_inputs, *needs = ctx.needs_input_grad
        needs_start, others = needs[_WEIGHTS : _WEIGHTS + len(smooth)], needs[_WEIGHTS + len(smooth) :]
        wanted = [needs_inputs, *(need and is_smooth for need, is_smooth in zip(needs_start, smooth, strict=True))]
        d_end = arguments.wanted_tensors(d_end, smooth)
        constants = (ctx.counts, ctx.sizes, ctx.clip)
        made = backward(saved[:_WEIGHTS], saved[_WEIGHTS:], tape, d_outputs, d_end, *constants, wanted)
        d_inputs, *d_start = arguments.wanted_tensors(made[_WEIGHTS:], wanted)
        return d_inputs, *made[:_WEIGHTS], *d_start, *[None] * len(others)


def check(inputs: Tensor, start: Sequence[Tensor], sizes: Sizes) -> None:
    """Raise ValueError where inputs or a first state have another shape, precision or device than they must.

    The state may have one sequence, which stands for all.
    """
    parts = sizes.state(arguments.state_batch(inputs, start))
    names, shapes = [part.name for part in parts], [part.shape for part in parts]
    whole = {part.name for part in parts if part.whole}
    expected = [(*inputs.shape[:2], sizes.input_size), *shapes]
    arguments.check(["inputs", *names], [inputs, *start], expected, whole)


@functools.cache
def _library(recurrence: Recurrence[Any], sizes: Any, clip: float) -> ctypes.CDLL:
    constants = {name.upper(): size for name, size in sizes._asdict().items()}
    name = recurrence.name
    made = build.load(f"{name}.cpp", {**constants, "CLIP": clip, **recurrence.constants})
    return native_memory.declare(made, f"{name}_forward", f"{name}_backward", *recurrence.functions)


@functools.cache
def _layout(recurrence: Recurrence[Any], sizes: Any, clip: float) -> Any:
    numbers = (ctypes.c_int * len(recurrence.layout._fields))()
    getattr(recurrence.library(sizes, clip), f"{recurrence.name}_layout")(numbers)
    return recurrence.layout(*numbers)


def _empty_results(inputs: Tensor, sizes: Sizes, keep_end: bool) -> list[Tensor]:
    """Return tensors for the outputs and the last state."""
    steps, batch = inputs.shape[:2]
    outputs = inputs.new_empty(steps, batch, sizes.controller_size + sizes.read_heads * sizes.slot_width)
    return [outputs, *(_empty_part(inputs, part, keep_end) for part in sizes.state(batch))]


def _empty_part(like: Tensor, part: Part, kept: bool) -> Tensor:
    return like.new_empty(part.shape if kept else (0,), dtype=torch.int64 if part.whole else like.dtype)


def _empty_gradients(
    weights: Sequence[Tensor], counts: Sequence[Count], sizes: Sizes, wanted: Sequence[bool]
) -> list[Tensor]:
    """Return tensors for the gradients of weights, and of inputs and start where they are wanted."""
    steps, batch, start_batch = counts
    optional = [(steps, batch, sizes.input_size), *(part.shape for part in sizes.state(start_batch))]
    shapes = [*(tuple(weight.shape) for weight in weights), *arguments.wanted_shapes(optional, wanted)]
    return [weights[0].new_empty(shape) for shape in shapes]
