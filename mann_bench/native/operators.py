"""A native call that autograd differentiates, in two forms that compute the same.

`torch.compile` traces custom operators. Called outside of it they cost a millisecond of Python a training step, so
there the same functions stand in a plain `torch.autograd.Function`.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def differentiable(
    name: str,
    *,
    forward: Callable[..., Any],
    forward_fake: Callable[..., Any],
    backward: Callable[..., Any],
    backward_fake: Callable[..., Any],
    save: Callable[..., None],
    differentiate: Callable[..., Any],
) -> Callable[..., Any]:
    """Register the operators ``mann_bench::{name}_forward`` and ``_backward``; return what calls them.

    Args:
        name: of the recurrence.
        forward, backward: as `torch.library.custom_op` wants them, annotated in full.
        forward_fake, backward_fake: the same arguments to empty tensors of the same shapes.
        save: as ``setup_context`` of `torch.autograd.Function`; it sets ``ctx.keep_tape``.
        differentiate: ``differentiate(backward, ctx, *gradients)`` returns the gradients of forward's arguments.
    """

    def checked(backward: Callable[..., Any], ctx: Any, *gradients: Tensor | None) -> Any:
        if not ctx.keep_tape:
            raise RuntimeError(f"{name}_forward kept nothing to differentiate with; call it with keep_tape=True")
        return differentiate(backward, ctx, *gradients)

    traced = torch.library.custom_op(f"mann_bench::{name}_forward", forward, mutates_args=())
    traced.register_fake(forward_fake)
    traced_backward = torch.library.custom_op(f"mann_bench::{name}_backward", backward, mutates_args=())
    traced_backward.register_fake(backward_fake)
    traced.register_autograd(functools.partial(checked, traced_backward), setup_context=save)
    members = {
        "forward": staticmethod(forward),
        "setup_context": staticmethod(save),
        "backward": staticmethod(once_differentiable(functools.partial(checked, backward))),
    }
    direct: Any = type(f"{name}_sequence", (torch.autograd.Function,), members)

    def call(*arguments: Any) -> Any:
        return traced(*arguments) if torch.compiler.is_compiling() else direct.apply(*arguments)

    return call


def run(
    operator: Callable[..., Any], tensors: Sequence[Tensor], sizes: Sequence[int], clip: float | None, keep_end: bool
) -> tuple[Tensor, ...]:
    """Call what `differentiable` returned, and keep a tape only where gradients may be asked for.

    Args:
        operator: takes the tensors, the sizes, the clip (zero for none), whether to keep the tape, its last result,
            and `keep_end`.
        tensors: inputs, weights and first state, in the operator's order.
        sizes: what the recurrence is compiled for.
        clip: bound of the cell's activations; none for unbounded.
        keep_end: whether the last state is wanted.

    Returns:
        The outputs of all steps, then the tensors of the last state, empty where it is not wanted.
    """
    keep_tape = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    results: tuple[Tensor, ...] = operator(*tensors, sizes, clip or 0.0, keep_tape, keep_end)
    return results[:-1]
