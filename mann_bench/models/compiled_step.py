"""A time step compiled by `torch.compile` for one model alone, which knows whether compiled code runs."""

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import torch
from torch._dynamo import lookup_backend


class CompiledStep:
    """A step that is compiled when it is first called, for static shapes, and called like the step itself.

    Where Dynamo gives up, it runs the step eagerly and says so in a log alone; hence the count.

    Args:
        step: the `step` of a `RecurrentModel`.

    Attributes:
        graph_calls: how often compiled code was called.
    """

    def __init__(self, step: Callable[..., Any]) -> None:
        self.graph_calls = 0
        self._step = torch.compile(_own_copy(step), dynamic=False, backend=self._compile)

    def __call__(self, *arguments: Any) -> Any:
        """Do the step."""
        return self._step(*arguments)

    def _compile(self, graph: Any, example_inputs: Any) -> Callable[..., Any]:
        compiled = lookup_backend("inductor")(graph, example_inputs)

        def counted(*arguments: Any) -> Any:
            self.graph_calls += 1
            return compiled(*arguments)

        return counted


def _own_copy(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a step whose code object is its own.

    Dynamo keeps what it compiled, and counts how often it did, by code object: the variants of a model would share
    one, and after eight compilations the next variant would run eagerly.
    """
    if not isinstance(step, MethodType) or not isinstance(function := step.__func__, FunctionType):
        return step
    code = function.__code__.replace()
    copy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return MethodType(copy, step.__self__)
