"""Run a step over time by a pair of graphs of it, forward and backward, which Dynamo checks once a sequence."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils import _pytree as pytree

from mann_bench.models.tracing import WholeStepError, contiguous_copy, own_copy


class StepScan:
    """What `scan` does of a step, for static shapes but for any number of steps, compiled when it is first called.

    Dynamo checks its guards once a sequence. Its graph of one step is compiled to code that is called for each step,
    forward and backward, in one autograd function; inference calls the code of training.

    Args:
        step: the `step` of a `RecurrentModel`, with a code object of its own.

    Attributes:
        graph_calls: how often the code was called.
    """

    def __init__(self, step: Callable[..., Any]) -> None:
        self.graph_calls = 0
        self._sequence: _Sequence | None = None
        self._form: pytree.TreeSpec | None = None

        # Not a method: `self` would come first among the names that Dynamo gives, `args_0` and so on, at times.
        def of_tensors(*args: Tensor) -> tuple[Tensor, ...]:
            logits, state = step(args[0], pytree.tree_unflatten(list(args[1:]), self._form))  # type: ignore[arg-type]
            after, form = pytree.tree_flatten(state)
            if form != self._form:
                raise ValueError("the state after a step is nested otherwise than the state before")
            return tuple(contiguous_copy(each) for each in (logits, *after))

        self._step = torch.compile(own_copy(of_tensors), dynamic=False, fullgraph=True, backend=self._compile)

    def __call__(
        self, inputs: Float[Tensor, "T B I"], state: Any, *, trained: bool
    ) -> tuple[Float[Tensor, "T B O"], Any]:
        """Return what `scan` returns.

        Args:
            inputs: those of a sequence.
            state: of contiguous tensors, none of which is there twice.
            trained: whether backward may follow; Dynamo is to see that gradients are enabled in any case.

        Raises:
            WholeStepError: the step, or its state, is more than the code of a step can do.
            Exception: of Dynamo or inductor, alike.
        """
        leaves, form = pytree.tree_flatten(state)
        if not all(isinstance(leaf, Tensor) for leaf in leaves):
            raise WholeStepError("its state has a part that is no tensor")
        if torch.is_autocast_enabled(inputs.device.type):
            raise WholeStepError("its precision is chosen by autocast")
        if form != self._form:  # Dynamo guards the very object
            self._form = form
        asked = [_like(inputs[0], inputs.requires_grad), *map(_like, leaves)]
        self._sequence = _Sequence(inputs, leaves, trained, asked)
        try:
            outputs, *last = self._step(*asked)
        finally:
            self._sequence = None
        return outputs, pytree.tree_unflatten(last, form)

    def _compile(self, graph: Any, examples: Any) -> Callable[..., Any]:
        # Both import inductor, which takes a second.
        from mann_bench.models.step_graphs import compile_graphs
        from mann_bench.models.step_sequence import run_sequence

        graphs = compile_graphs(graph, examples)

        def run(*arguments: Any) -> Any:
            """Do all steps, where Dynamo asks for one: it hands on what is returned, whatever its shape."""
            assert self._sequence is not None
            inputs, state, trained, asked = self._sequence
            at = {id(argument): position for position, argument in enumerate(arguments)}
            if [at.get(id(each)) for each in asked] != [graphs.inputs, *graphs.state]:
                raise WholeStepError("this version of torch names what a step takes otherwise")
            self.graph_calls += len(inputs)
            return run_sequence(graphs, inputs, state, arguments, trained=trained)

        return run


class _Sequence(NamedTuple):
    """What is to be done where Dynamo is asked for a step."""

    inputs: Tensor
    state: list[Tensor]
    trained: bool
    asked: list[Tensor]


def _like(tensor: Tensor, requires_grad: bool = True) -> Tensor:
    """Return a tensor that Dynamo cannot tell from another step's, so that the first step needs no graph of its own."""
    differentiable = tensor.is_floating_point() or tensor.is_complex()
    return tensor.detach().requires_grad_(differentiable and requires_grad)
