"""Time steps compiled by `torch.compile`, several at once, for one model alone; it knows whether compiled code runs."""

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch._dynamo import lookup_backend
from torch.utils import _pytree as pytree

CHUNK = 4
"""Time steps that are compiled as one. With more of them calls cost less, and compiling takes longer."""


class CompiledScan:
    """What `scan` does of a step, by calls of compiled code that does `CHUNK` steps; the steps left over one by one.

    A call costs like a small step. Two graphs, each forward and backward, are compiled when they are first needed, and
    serve all lengths: no part of a sequence has a state that Dynamo can tell from another's, and inference runs the
    code of training. Where Dynamo gives up, it runs the steps eagerly and says so in a log alone; hence the count.

    Args:
        step: the `step` of a `RecurrentModel`.

    Attributes:
        graph_calls: how often compiled code was called.
    """

    def __init__(self, step: Callable[..., Any]) -> None:
        self.graph_calls = 0
        step = _own_copy(step)

        def steps(inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
            outputs = []
            for at_time in inputs:
                output, state = step(at_time, state)
                outputs.append(output)
            return torch.stack(outputs), state

        self._steps = torch.compile(_own_copy(steps), dynamic=False, backend=self._compile)

    def __call__(self, inputs: Float[Tensor, "T B I"], state: Any) -> tuple[Float[Tensor, "T B O"], Any]:
        """Return what `scan` returns."""
        if torch.is_grad_enabled():
            return self._run(inputs, state, lambda tensor: tensor)
        with torch.inference_mode(False), torch.enable_grad():
            return self._run(inputs, state, Tensor.detach)

    def _run(self, inputs: Tensor, state: Any, keep: Callable[[Tensor], Tensor]) -> tuple[Tensor, Any]:
        outputs: list[Tensor] = []
        inputs, state = pytree.tree_map_only(Tensor, _contiguous_copy, (inputs, state))
        whole, left = divmod(len(inputs), CHUNK)
        for part in torch.split(inputs, [CHUNK] * whole + [1] * left):
            output, state = self._steps(part, pytree.tree_map_only(Tensor, _alike, state))
            state = pytree.tree_map_only(Tensor, keep, state)
            outputs.append(keep(output))
        return torch.cat(outputs), state

    def _compile(self, graph: Any, example_inputs: Any) -> Callable[..., Any]:
        # One file of C++ for a graph, and not one for each of its kernels: it compiles in half the time.
        on_cpu = all(each.device.type == "cpu" for each in example_inputs if isinstance(each, Tensor))
        inductor: Any = lookup_backend("inductor")
        compiled = inductor(graph, example_inputs, config_patches={"cpp_wrapper": on_cpu})

        def counted(*arguments: Any) -> Any:
            self.graph_calls += 1
            return compiled(*arguments)

        return counted


def _contiguous_copy(tensor: Tensor) -> Tensor:
    """Return a tensor of its own, also where inference made it, with the strides of a new one."""
    return tensor.clone(memory_format=torch.contiguous_format)


def _alike(part: Tensor) -> Tensor:
    """Return a part of a state as every chunk gets it: contiguous, and with a gradient where it can have one."""
    part = part.contiguous()
    differentiable = part.is_floating_point() or part.is_complex()
    return part.detach().requires_grad_() if differentiable and not part.requires_grad else part


def _own_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function or method whose code object is its own.

    Dynamo keeps what it compiled, and counts how often it did, by code object: the variants of a model would share
    one, and after eight compilations the next variant would run eagerly.
    """
    if isinstance(function, MethodType):
        return MethodType(_own_copy(function.__func__), function.__self__)
    if not isinstance(function, FunctionType):
        return function
    code = function.__code__.replace()
    copy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
