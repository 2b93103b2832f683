"""Call the compiled code of a step for each time step of a sequence, forward and backward."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mann_bench.models.step_graphs import StepGraphs


def run_sequence(
    graphs: StepGraphs, inputs: Tensor, state: Sequence[Tensor], arguments: Sequence[Tensor], *, trained: bool
) -> Sequence[Tensor]:
    """Return the logits of all time steps, [T, B, O], and the parts of the last state.

    Args:
        graphs: the step.
        inputs: those of the sequence, [T, B, I].
        state: the parts of the first state.
        arguments: those of a step, of which inputs and state do not count.
        trained: whether backward may follow.
    """
    first = list(arguments)
    for position, part in zip(graphs.state, state, strict=True):
        if position is not None:
            first[position] = part
    if trained:
        return _Sequence.apply(graphs, inputs, *first)  # type: ignore[no-any-return, no-untyped-call]
    with torch.no_grad():
        return _forward(graphs, inputs, first, None)


def _forward(graphs: StepGraphs, inputs: Tensor, arguments: Sequence[Tensor], saved: list[Any] | None) -> list[Tensor]:
    """Return the results of the sequence, and append what all steps save, one after the other."""
    step, results, at = graphs.forward, 1 + len(graphs.state), list(arguments)
    moved = [(position, 1 + i) for i, position in enumerate(graphs.state) if position is not None]
    logits: list[Tensor] = []
    given: Sequence[Any] = ()
    for now in inputs.unbind():
        if graphs.inputs is not None:
            at[graphs.inputs] = now
        given = step(at.copy())  # which empties the list
        logits.append(given[0])
        if saved is not None:
            saved += given[results:]
        for position, result in moved:
            at[position] = given[result]
    return [torch.stack(logits), *given[1:results]]


class _Sequence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, graphs: StepGraphs, inputs: Tensor, *arguments: Tensor) -> tuple[Tensor, ...]:
        saved: list[Any] = []
        results = _forward(graphs, inputs, arguments, saved)
        ctx.graphs, ctx.steps = graphs, len(inputs)
        ctx.save_for_backward(*saved)
        ctx.mark_non_differentiable(*(result for i, result in enumerate(results) if i not in graphs.differentiable))
        return tuple(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *of_results: Tensor) -> tuple[Tensor | None, ...]:
        graphs, saved, steps = ctx.graphs, ctx.saved_tensors, ctx.steps
        size = len(saved) // steps
        of_logits, *later = (of_results[i].contiguous() for i in graphs.differentiable)
        came_from = [graphs.state[i - 1] for i in graphs.differentiable[1:]]
        totals = _Totals(graphs)
        of_inputs: list[Any] = []
        given: Sequence[Any] = ()
        for step in reversed(range(steps)):
            given = graphs.backward([*saved[step * size : (step + 1) * size], of_logits[step], *later])
            totals.add(given)
            later = [
                torch.zeros_like(gradient) if position is None or given[position] is None else given[position]
                for position, gradient in zip(came_from, later, strict=True)
            ]
            of_inputs.append(None if graphs.inputs is None else given[graphs.inputs])
        gradients = totals.gradients()
        for position in graphs.state:
            if position is not None:
                gradients[position] = given[position]
        differentiable = ctx.needs_input_grad[1] and of_inputs[0] is not None
        return None, torch.stack(of_inputs[::-1]) if differentiable else None, *gradients


class _Totals:
    """The gradients of parameters, summed over time."""

    def __init__(self, graphs: StepGraphs) -> None:
        self._graphs = graphs
        self._sums: list[Tensor] = []
        self._products: list[Tensor] = []

    def add(self, given: Sequence[Any]) -> None:
        """Add what backward gives for a step. A product is added as it is computed, and not written before."""
        sums = [given[argument] for argument in self._graphs.sums]
        factors = [(given[product.left].t(), given[product.right]) for product in self._graphs.products]
        if not self._sums and not self._products:
            self._sums = [each.clone() for each in sums]  # one may be the gradient of a part of the state as well
            self._products = [left @ right for left, right in factors]
            return
        if sums:
            torch._foreach_add_(self._sums, sums)
        for total, (left, right) in zip(self._products, factors, strict=True):
            total.addmm_(left, right)

    def gradients(self) -> list[Tensor | None]:
        """Return the gradient of each argument, None where it has none."""
        found: list[Tensor | None] = [None] * self._graphs.arguments
        for argument, total in zip(self._graphs.sums, self._sums, strict=True):
            found[argument] = total
        for product, total in zip(self._graphs.products, self._products, strict=True):
            found[product.parameter] = total
        return found
